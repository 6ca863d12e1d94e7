import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** What a server says to one request. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Answerer = (path: string) => Answer | Promise<Answer>;

/** An address to listen on; the host `''` is every address of both families. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface RunningServer {
  /** The port that it has, where 0 was asked for. */
  readonly port: number;
  /** No connection stays. */
  close(): Promise<void>;
}

/** Where a kernel without IPv6 is told from a port that is taken. */
const NO_SUCH_FAMILY = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL']);

/**
 * Serves GET and HEAD.
 * @throws {Error} with the system's words if the address cannot be listened on
 */
export async function serveHttp({ host, port }: ListenAddress, answer: Answerer): Promise<RunningServer> {
  if (host !== '') return listen(host, port, answer);
  try {
    return await listen('::', port, answer);
  } catch (error) {
    if (!NO_SUCH_FAMILY.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return listen('0.0.0.0', port, answer);
  }
}

function listen(host: string, port: number, answer: Answerer): Promise<RunningServer> {
  const server = createServer((request, response) => void respond(request, response, answer));
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      // Nothing that happens to one connection may end the agent.
      server.on('error', () => {});
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address !== null ? address.port : port,
        close: () => close(server),
      });
    });
  });
}

async function respond(request: IncomingMessage, response: ServerResponse, answer: Answerer): Promise<void> {
  response.on('error', () => {});
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  try {
    const path = new URL(request.url ?? '/', 'http://agent').pathname;
    const { status, headers = {}, body } = await answer(path);
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    response.end(request.method === 'HEAD' ? undefined : body);
  } catch (error) {
    if (!response.headersSent) response.writeHead(500);
    response.end(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
