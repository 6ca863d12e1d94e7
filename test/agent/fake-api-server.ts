/** A small API server for tests: lists with pages, watches, and fails as real ones do. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubernetesObject } from '@shunt/model';

const PATHS: Readonly<Record<string, readonly [kind: string, apiVersion: string]>> = {
  '/api/v1/services': ['Service', 'v1'],
  '/api/v1/nodes': ['Node', 'v1'],
  '/api/v1/pods': ['Pod', 'v1'],
  '/api/v1/endpoints': ['Endpoints', 'v1'],
  '/apis/discovery.k8s.io/v1/endpointslices': ['EndpointSlice', 'discovery.k8s.io/v1'],
  '/apis/networking.k8s.io/v1/servicecidrs': ['ServiceCIDR', 'networking.k8s.io/v1'],
};

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubernetesObject;
}

interface Watcher {
  readonly kind: string;
  readonly matches: (object: KubernetesObject) => boolean;
  readonly response: ServerResponse;
}

export class FakeApiServer {
  /** `METHOD path?query` of every request. */
  readonly requests: string[] = [];
  /** Paths that do not exist here. */
  readonly missing = new Set<string>();
  /** Answers every request with this status while it is set. */
  refuses: { readonly status: number; readonly message: string } | null = null;
  readonly #objects = new Map<string, KubernetesObject>();
  readonly #watchers = new Set<Watcher>();
  #changes: Change[] = [];
  #version = 100;
  /** Changes before it are forgotten. */
  #oldest = 0;
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get watchCount(): number {
    return this.#watchers.size;
  }

  /** A kubeconfig that leads here, as if by `kubectl proxy`: with credentials that are not for this server. */
  get kubeconfig(): string {
    const cluster = { name: 'fake', cluster: { server: this.url } };
    const context = { name: 'fake', context: { cluster: 'fake', user: 'me' } };
    const user = { name: 'me', user: { token: 'secret' } };
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      contexts: [context],
      users: [user],
      'current-context': 'fake',
    });
  }

  /** Listens, on the port of before if there was one. */
  async start(): Promise<void> {
    const server = createServer((request, response) => this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#watchers.clear();
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  put(object: KubernetesObject): void {
    const key = keyOf(object);
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const resourceVersion = String(++this.#version);
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion } };
    this.#objects.set(key, stored);
    this.#happened(type, stored);
  }

  delete(object: KubernetesObject): void {
    const stored = this.#objects.get(keyOf(object));
    if (stored === undefined) return;
    this.#objects.delete(keyOf(object));
    const resourceVersion = String(++this.#version);
    this.#happened('DELETED', { ...stored, metadata: { ...stored.metadata, resourceVersion } });
  }

  /** Forgets all changes so far: who wants to go on from before is told that it is gone. */
  compact(): void {
    this.#changes = [];
    this.#oldest = ++this.#version;
  }

  /** Breaks the connections of all watches, within an event if wanted. */
  cutWatches(within = ''): void {
    for (const { response } of this.#watchers) {
      response.write(within, () => response.destroy());
    }
    this.#watchers.clear();
  }

  /** Ends all watches as a server does when their time is over. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  /** Sends an event that says that the watch cannot go on. */
  failWatches(code: number, message: string): void {
    const object = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message };
    for (const { response } of this.#watchers) response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    this.#watchers.clear();
  }

  #happened(type: Change['type'], object: KubernetesObject): void {
    this.#changes.push({ version: this.#version, type, object });
    for (const watcher of this.#watchers) send(watcher, type, object);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push(`${request.method} ${request.url}`);
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const known = this.missing.has(pathname) ? undefined : PATHS[pathname];
    const matches = matcher(searchParams);
    if (this.refuses !== null) status(response, this.refuses.status, this.refuses.message);
    else if (request.headers.authorization !== undefined)
      status(response, 400, 'credentials came over plain HTTP');
    else if (known === undefined) status(response, 404, 'the server could not find the requested resource');
    else if (searchParams.get('watch') === null) this.#list(known, searchParams, matches, response);
    else this.#watch(known[0], searchParams, matches, response);
  }

  #list(
    [kind, apiVersion]: readonly [string, string],
    query: URLSearchParams,
    matches: Watcher['matches'],
    response: ServerResponse,
  ): void {
    const all = [...this.#objects.values()].filter((each) => each.kind === kind && matches(each));
    const from = Number(query.get('continue') ?? 0);
    const end = from + Number(query.get('limit') ?? all.length);
    const items = all.slice(from, end).map(({ kind: _, apiVersion: __, ...object }) => object);
    const metadata = {
      resourceVersion: String(this.#version),
      ...(end < all.length ? { continue: String(end) } : {}),
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ kind: `${kind}List`, apiVersion, metadata, items }));
  }

  #watch(kind: string, query: URLSearchParams, matches: Watcher['matches'], response: ServerResponse): void {
    const from = Number(query.get('resourceVersion'));
    if (from < this.#oldest) {
      status(response, 410, `too old resource version: ${from}`);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watcher = { kind, matches, response };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
    for (const { version, type, object } of this.#changes) if (version > from) send(watcher, type, object);
  }
}

function send({ kind, matches, response }: Watcher, type: Change['type'], object: KubernetesObject): void {
  if (object.kind === kind && matches(object)) response.write(`${JSON.stringify({ type, object })}\n`);
}

function status(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message }));
}

/** The selectors that a node agent uses: names of fields, and labels that are not there or have a value. */
function matcher(query: URLSearchParams): Watcher['matches'] {
  const name = /^metadata\.name=(.+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  const labels = (query.get('labelSelector') ?? '').split(',').filter((term) => term !== '');
  return ({ metadata }) =>
    (name === undefined || metadata.name === name) &&
    labels.every((term) => {
      if (term.startsWith('!')) return metadata.labels?.[term.slice(1)] === undefined;
      const [label = '', value] = term.split('=');
      return metadata.labels?.[label] === value;
    });
}

function keyOf({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}
