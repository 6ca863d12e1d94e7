import { type Address, formatEndpoint } from '@shunt/model';
import { type Backend, type ServicePort, servicePortKey } from '../ruleset/types.js';

/**
 * ClientIP affinity while no time passes: which backend each client has, for each service port. All
 * addresses of a service port and both its pools share it (semantics 7.1).
 */
export class AffinityMemory {
  readonly #backends = new Map<string, string>();

  /** The client's backend, unless it is no candidate (any more). */
  recall(port: ServicePort, client: Address, candidates: readonly Backend[]): Backend | null {
    const remembered = this.#backends.get(groupOf(port, client));
    if (remembered === undefined) return null;
    return candidates.find((backend) => formatEndpoint(backend.address, backend.port) === remembered) ?? null;
  }

  remember(port: ServicePort, client: Address, backend: Backend): void {
    this.#backends.set(groupOf(port, client), formatEndpoint(backend.address, backend.port));
  }
}

function groupOf(port: ServicePort, client: Address): string {
  return `${servicePortKey(port)} ${client}`;
}
