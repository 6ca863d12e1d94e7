import { AffinityMemory, type Evaluation, pick, servicePortKey } from '@shunt/compiler';
import { formatEndpoint, type Packet } from '@shunt/model';
import type { CaseAffinity } from './packet-flow-case.js';

/** Where a packet came out that began a flow. */
export interface ReachedBackend {
  readonly backend: string;
  /** The key of its service port. */
  readonly servicePort: string;
  /** How long the client keeps the backend; `null`: it does not. */
  readonly affinitySeconds: number | null;
}

interface Group {
  /** The backend that the group's packet reached. */
  readonly backend: string;
  /** Client and service port: who shares this affinity. */
  readonly key: string;
}

/** Holds packets that come one after the other, each of a flow of its own, to the affinity that a case says. */
export class AffinityCheck {
  readonly #groups = new Map<string, Group>();

  /** @returns what is not as the case says; `null` if all is */
  check(packet: Packet, reached: ReachedBackend | null, affinity: CaseAffinity | undefined): string | null {
    if (affinity === undefined) return null;
    if (reached === null) return 'affinity: expected a backend, got none';
    const { backend, servicePort, affinitySeconds: seconds } = reached;
    const key = `${servicePort} from one client`;
    const { group, sameAs, independentOf, timeoutSeconds } = affinity;
    if (group !== undefined) this.#groups.set(group, { backend, key: `${key} ${packet.source}` });
    if (timeoutSeconds !== undefined && timeoutSeconds !== seconds) {
      return `affinity: expected a timeout of ${timeoutSeconds} s, got ${seconds ?? 'no affinity'}`;
    }
    const same = sameAs === undefined ? undefined : this.#groups.get(sameAs);
    if (same !== undefined && same.backend !== backend) {
      return `affinity: expected ${same.backend} as group ${sameAs}, got ${backend}`;
    }
    const other = independentOf === undefined ? undefined : this.#groups.get(independentOf);
    if (other !== undefined && seconds !== null && other.key === `${key} ${packet.source}`) {
      return `affinity: expected to be independent of group ${independentOf}, got the same ${key}`;
    }
    return null;
  }
}

/**
 * Follows ClientIP affinity by the executable specification: each packet comes from another source port, so that
 * nothing but affinity makes two of them reach the same backend.
 */
export class EvaluatedAffinity {
  readonly #memory = new AffinityMemory();
  #packetsSeen = 0;

  /** Sends a packet on its way. @returns `null` if it reaches no backend */
  reach(packet: Packet, evaluation: Evaluation): ReachedBackend | null {
    const { servicePort, candidates } = evaluation;
    this.#packetsSeen++;
    if (servicePort === null || candidates.length === 0) return null;
    const { affinitySeconds } = servicePort;
    const sticky = affinitySeconds !== null;
    const remembered = sticky ? this.#memory.recall(servicePort, packet.source, candidates) : null;
    const fresh = pick(evaluation, { ...packet, sourcePort: 1024 + this.#packetsSeen * 7919 }, 0);
    const backend = remembered ?? fresh ?? candidates[this.#packetsSeen % candidates.length];
    if (backend === undefined) return null;
    if (sticky) this.#memory.remember(servicePort, packet.source, backend);
    return {
      backend: formatEndpoint(backend.address, backend.port),
      servicePort: servicePortKey(servicePort),
      affinitySeconds,
    };
  }
}
