/** The servers that load balancers ask which nodes have endpoints of a Service (semantics section 10). */
import type { Answer, ListenAddress, RunningServer } from '../http/http-server.js';
import { serveHttp } from '../http/http-server.js';
import type { Log } from '../log/log.js';
import { StandingProblem } from '../log/standing-problem.js';
import type { HealthCheckedService } from './health-checked-services.js';

interface Checked {
  service: HealthCheckedService;
  readonly place: string;
  readonly servers: readonly RunningServer[];
}

/** One server on each health-check node port. */
export class HealthCheckServers {
  readonly #isHealthy: () => boolean;
  readonly #log: Log;
  readonly #open = new Map<string, Checked>();
  readonly #problems = new Map<string, StandingProblem>();

  /** @param isHealthy - whether the rules keep up */
  constructor(isHealthy: () => boolean, log: Log) {
    this.#isHealthy = isHealthy;
    this.#log = log;
  }

  /**
   * Opens, closes and updates. What cannot be opened is told in the log, and tried again next time. Calls
   * must not overlap.
   * @param hosts - the addresses to listen on; `['']`: every one
   */
  async keep(services: readonly HealthCheckedService[], hosts: readonly string[]): Promise<void> {
    const wanted = new Map(services.map((service) => [`${service.namespace}/${service.name}`, service]));
    for (const [key, { service, place, servers }] of this.#open) {
      const next = wanted.get(key);
      if (next !== undefined && placeOf(next, hosts) === place) continue;
      this.#open.delete(key);
      this.#log.debug({ service: key, port: service.port }, 'health-check node port closed');
      await Promise.all(servers.map((server) => server.close()));
    }
    for (const key of this.#problems.keys()) if (!wanted.has(key)) this.#problems.delete(key);
    for (const [key, service] of wanted) {
      const open = this.#open.get(key);
      if (open !== undefined) open.service = service;
      else await this.#start(key, service, hosts);
    }
  }

  async stop(): Promise<void> {
    await this.keep([], []);
  }

  async #start(key: string, service: HealthCheckedService, hosts: readonly string[]): Promise<void> {
    const servers: RunningServer[] = [];
    const problem =
      this.#problems.get(key) ??
      new StandingProblem(this.#log, `Service ${key}: its health-check node port is served now`);
    this.#problems.set(key, problem);
    try {
      for (const host of hosts)
        servers.push(await serveHttp(this.#address(host, service), () => this.#answer(key)));
      this.#open.set(key, { service, place: placeOf(service, hosts), servers });
      problem.over();
    } catch (error) {
      await Promise.all(servers.map((server) => server.close()));
      const reason = (error as Error).message;
      problem.met(`Service ${key}: its health-check node port ${service.port} cannot be served: ${reason}`);
    }
  }

  #address(host: string, { port }: HealthCheckedService): ListenAddress {
    return { host, port };
  }

  #answer(key: string): Answer {
    const service = this.#open.get(key)?.service;
    if (service === undefined) return { status: 503, body: '' };
    const { namespace, name, localEndpoints } = service;
    const serviceProxyHealthy = this.#isHealthy();
    return {
      status: localEndpoints > 0 && serviceProxyHealthy ? 200 : 503,
      headers: {
        'content-type': 'application/json',
        'x-content-type-options': 'nosniff',
        'x-load-balancing-endpoint-weight': String(localEndpoints),
      },
      body: `${JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy })}\n`,
    };
  }
}

function placeOf({ port }: HealthCheckedService, hosts: readonly string[]): string {
  return `${port} ${hosts.join(' ')}`;
}
