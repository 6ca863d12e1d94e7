import { type Address, formatEndpoint } from '@shunt/model';
import { type Backend, type ServicePort, servicePortKey } from '../ruleset/types.js';

/**
 * ClientIP affinity while no time passes: which backends each client was sent to, for each service port.
 * All addresses of a service port and both its pools share it. A client can have a backend in each pool;
 * the first candidate in endpoint order wins, as the rules stand in that order (semantics 7.1, 7.5).
 */
export class AffinityMemory {
  readonly #backends = new Map<string, Set<string>>();

  /** The client's backend, unless none of them is a candidate (any more). */
  recall(port: ServicePort, client: Address, candidates: readonly Backend[]): Backend | null {
    const remembered = this.#backends.get(groupOf(port, client));
    if (remembered === undefined) return null;
    return (
      candidates.find((backend) => remembered.has(formatEndpoint(backend.address, backend.port))) ?? null
    );
  }

  remember(port: ServicePort, client: Address, backend: Backend): void {
    const group = groupOf(port, client);
    let backends = this.#backends.get(group);
    if (backends === undefined) this.#backends.set(group, (backends = new Set()));
    backends.add(formatEndpoint(backend.address, backend.port));
  }
}

function groupOf(port: ServicePort, client: Address): string {
  return `${servicePortKey(port)} ${client}`;
}
