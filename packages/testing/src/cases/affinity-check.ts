import { AffinityMemory, type Evaluation, pick, servicePortKey } from '@shunt/compiler';
import { formatEndpoint, type Packet } from '@shunt/model';
import type { CaseAffinity } from './packet-flow-case.js';

interface Group {
  /** The backend that the group's packet reached. */
  readonly backend: string;
  /** Client and service port: who shares this affinity. */
  readonly key: string;
}

/**
 * Follows the ClientIP affinity of packets that come one after the other, each from another source
 * port, so that nothing but affinity makes two of them reach the same backend.
 */
export class AffinityCheck {
  readonly #memory = new AffinityMemory();
  readonly #groups = new Map<string, Group>();
  #packetsSeen = 0;

  /** Sends a packet on its way. @returns what is not as the case says; `null` if all is */
  follow(packet: Packet, evaluation: Evaluation, affinity: CaseAffinity | undefined): string | null {
    const { servicePort } = evaluation;
    const backend = this.#reach(packet, evaluation);
    if (affinity === undefined) return null;
    if (servicePort === null || backend === null) return 'affinity: expected a backend, got none';
    const key = `${servicePortKey(servicePort)} from one client`;
    const seconds = servicePort.affinitySeconds;
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

  #reach(packet: Packet, evaluation: Evaluation): string | null {
    const { servicePort, candidates } = evaluation;
    this.#packetsSeen++;
    if (servicePort === null || candidates.length === 0) return null;
    const sticky = servicePort.affinitySeconds !== null;
    const remembered = sticky ? this.#memory.recall(servicePort, packet.source, candidates) : null;
    const fresh = pick(evaluation, { ...packet, sourcePort: 1024 + this.#packetsSeen * 7919 }, 0);
    const backend = remembered ?? fresh ?? candidates[this.#packetsSeen % candidates.length];
    if (backend === undefined) return null;
    if (sticky) this.#memory.remember(servicePort, packet.source, backend);
    return formatEndpoint(backend.address, backend.port);
  }
}
