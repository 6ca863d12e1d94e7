/** Follows one kind of objects: lists, watches, goes on where a watch ended, and lists again when it cannot. */
import type { Clock } from '../../clock/clock.js';
import { type BackOff, backOffDelay } from '../../sync/back-off.js';
import { type ApiClient, ApiError, type WatchEvent } from './api-client.js';
import { isUnknownKind, listResource, resourceQuery } from './list-resource.js';
import type { ApiResource } from './resources.js';

/** What a reflector tells. Objects are as the server sent them, unchecked. */
export interface ReflectorSink {
  /** These are all; others of the kind are gone. */
  replace(resource: ApiResource, items: readonly unknown[]): void;
  put(resource: ApiResource, object: unknown): void;
  remove(resource: ApiResource, object: unknown): void;
  /** It is not followed at the moment; it is tried again. */
  failed(resource: ApiResource, error: Error): void;
  following(resource: ApiResource): void;
}

export interface ReflectorOptions {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** 0 to below 1: spreads what many nodes do at the same time. */
  readonly random: () => number;
  readonly sink: ReflectorSink;
}

const RETRY: BackOff = { first: 800, longest: 30_000 };
/** How long a server is asked to keep a watch: so long, and up to twice as long. */
const WATCH_SECONDS = 300;
/** A watch sends bookmarks about once a minute, and ends when it was asked to. */
const SILENCE_MILLISECONDS = 60_000;
/** A watch that ends sooner and brought nothing is a failure, or a broken server would be asked without end. */
const SHORT_WATCH_MILLISECONDS = 1000;
/** How often it is looked whether a server has got a kind that it did not have. */
const UNKNOWN_KIND_MILLISECONDS = 300_000;

/** The state is too old to go on from: HTTP's Gone. */
const GONE = 410;

export class Reflector {
  readonly #resource: ApiResource;
  readonly #options: ReflectorOptions;
  readonly #stopped = new AbortController();
  #version = '';
  #failures = 0;
  /** What is gone is listed at once, but not again and again: not before a watch has worked. */
  #listsAtOnce = true;
  #running: Promise<void> = Promise.resolve();

  constructor(resource: ApiResource, options: ReflectorOptions) {
    this.#resource = resource;
    this.#options = options;
  }

  start(): void {
    this.#running = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        if (this.#version === '') await this.#list();
        await this.#watch();
      } catch (error) {
        if (signal.aborted) return;
        await this.#wait(this.#delayAfter(error));
      }
    }
  }

  /** @returns milliseconds */
  #delayAfter(error: unknown): number {
    const { sink, random } = this.#options;
    if (this.#resource.optional && isUnknownKind(error)) {
      this.#version = '';
      sink.replace(this.#resource, []);
      sink.following(this.#resource);
      return UNKNOWN_KIND_MILLISECONDS;
    }
    this.#failures++;
    const isGone = error instanceof ApiError && error.status === GONE;
    if (isGone) this.#version = '';
    if (isGone && this.#listsAtOnce) {
      this.#listsAtOnce = false;
      return 0;
    }
    sink.failed(this.#resource, error instanceof Error ? error : new Error(String(error)));
    return backOffDelay(RETRY, this.#failures) * (1 + random() / 2);
  }

  async #list(): Promise<void> {
    const { client, sink } = this.#options;
    const { items, resourceVersion } = await listResource(client, this.#resource, this.#stopped.signal);
    sink.replace(this.#resource, items);
    sink.following(this.#resource);
    this.#version = resourceVersion;
  }

  async #watch(): Promise<void> {
    const { client, clock, random, sink } = this.#options;
    const seconds = Math.round(WATCH_SECONDS * (1 + random()));
    const query = resourceQuery(this.#resource);
    query.set('watch', '1');
    query.set('allowWatchBookmarks', 'true');
    query.set('resourceVersion', this.#version);
    query.set('timeoutSeconds', String(seconds));
    const began = clock.now();
    const idle = seconds * 1000 + SILENCE_MILLISECONDS;
    let events = 0;
    const { signal } = this.#stopped;
    await client.watch(
      `${this.#resource.path}?${query}`,
      { signal, idle },
      {
        opened: () => sink.following(this.#resource),
        event: (event) => {
          this.#take(event);
          events++;
          this.#works();
        },
      },
    );
    if (events === 0 && clock.now() - began < SHORT_WATCH_MILLISECONDS)
      throw new Error('the server ends watches at once');
    this.#works();
  }

  #works(): void {
    this.#failures = 0;
    this.#listsAtOnce = true;
  }

  #take({ type, object }: WatchEvent): void {
    const { sink } = this.#options;
    if (type === 'ERROR') {
      const { code, message } = object as { readonly code?: number; readonly message?: string };
      throw new ApiError(code ?? 0, `${code ?? ''} ${message ?? 'the watch failed'}`.trim());
    }
    if (type === 'ADDED' || type === 'MODIFIED') sink.put(this.#resource, object);
    else if (type === 'DELETED') sink.remove(this.#resource, object);
    const { metadata } = object as { readonly metadata?: { readonly resourceVersion?: string } };
    this.#version = metadata?.resourceVersion ?? this.#version;
  }

  #wait(milliseconds: number): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(milliseconds, done);
      function done(): void {
        signal.removeEventListener('abort', done);
        cancel();
        resolve();
      }
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
