/** As much of HTTP as following an API server needs. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';

/** Which API server, and as whom. */
export interface ApiConnection {
  /** `https://10.0.0.1:6443`. */
  readonly server: string;
  /** Adds certificates, tokens and the agent to the options of one request. */
  authorize(options: RequestOptions): Promise<void>;
  /** Why this connection may be refused (401, 403), where that can be told beforehand. */
  readonly hint?: string;
}

/** The server answered, but not what was asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    /** HTTP status, or the code of a Status object in a watch. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** One line of a watch. */
export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

/** Until headers come. */
const ANSWER_MILLISECONDS = 30_000;
/** Of an error's body. */
const MOST_ERROR_BYTES = 64 * 1024;

export class ApiClient {
  readonly #connection: ApiConnection;

  constructor(connection: ApiConnection) {
    this.#connection = connection;
  }

  get server(): string {
    return this.#connection.server;
  }

  /**
   * Reads one answer whole.
   * @param path - with its query
   * @throws {ApiError} for any other status than 200
   * @throws {Error} if the server cannot be reached or the connection breaks
   */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.#request(path, signal);
    const chunks: Buffer[] = [];
    for await (const chunk of bodyOf<Buffer>(response)) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  }

  /**
   * Follows a watch until the server ends it.
   * @param idle - milliseconds without a byte after which the connection counts as dead
   * @param listener - `opened` is called when the server has taken the watch, `event` for each event, in order
   * @throws {ApiError} for any other status than 200
   * @throws {Error} if the connection breaks, also within an event
   */
  async watch(
    path: string,
    { signal, idle }: { readonly signal: AbortSignal; readonly idle: number },
    listener: { readonly opened: () => void; readonly event: (event: WatchEvent) => void },
  ): Promise<void> {
    const response = await this.#request(path, signal);
    listener.opened();
    response.socket.setTimeout(idle, () =>
      response.destroy(new Error(`nothing came for ${Math.round(idle / 1000)} s`)),
    );
    response.setEncoding('utf8');
    let rest = '';
    // Leaving the loop by an exception closes the connection.
    for await (const chunk of bodyOf<string>(response)) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') listener.event(JSON.parse(line) as WatchEvent);
    }
    if (rest !== '') throw new Error('the connection was cut within an event');
  }

  async #request(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(`${this.#connection.server.replace(/\/$/, '')}${path}`);
    const options: RequestOptions = {};
    await this.#connection.authorize(options);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const headers = { ...options.headers, accept: 'application/json', 'user-agent': 'shunt-agent' };
      const request = send(url, { ...options, headers, method: 'GET', signal });
      request.setTimeout(ANSWER_MILLISECONDS, () =>
        request.destroy(new Error(`no answer within ${ANSWER_MILLISECONDS / 1000} s`)),
      );
      request.once('response', resolve);
      request.on('error', reject);
      request.end();
    });
    response.socket.setTimeout(0);
    // It is met by who reads; without a listener it would end the process.
    response.on('error', () => {});
    if (response.statusCode === 200) return response;
    throw await errorOf(response, this.#connection.hint ?? null);
  }
}

/** @throws {Error} if the connection breaks, for which Node.js has no more to say than "aborted" */
async function* bodyOf<Chunk>(response: IncomingMessage): AsyncGenerator<Chunk> {
  try {
    for await (const chunk of response) yield chunk as Chunk;
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'aborted') throw error;
    throw new Error('the connection was cut', { cause: error });
  }
}

/**
 * What a Status object says, or the status alone.
 * @param hint - why access may have been refused
 */
async function errorOf(response: IncomingMessage, hint: string | null): Promise<ApiError> {
  const status = response.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    length += (chunk as Buffer).length;
    if (length > MOST_ERROR_BYTES) break;
    chunks.push(chunk as Buffer);
  }
  let message = response.statusMessage ?? '';
  try {
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { readonly message?: unknown };
    if (typeof body.message === 'string') message = body.message;
  } catch {
    // Not every proxy on the way speaks JSON.
  }
  const reason = hint !== null && (status === 401 || status === 403) ? ` (${hint})` : '';
  return new ApiError(status, `${status} ${message}`.trim() + reason);
}
