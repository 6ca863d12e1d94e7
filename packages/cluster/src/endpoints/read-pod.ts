import {
  type EndpointAddress,
  type Family,
  familyOf,
  formatAddress,
  type Pod,
  parseAddress,
  type SliceEndpoint,
  type TargetReference,
} from '@shunt/model';
import { isDone, isPodReady, isTerminating, podAddresses, podReference } from './pod.js';

/**
 * A Pod with what the endpoint controllers read of it, worked out when it is first asked for. Who keeps
 * these for its Pods pays only for what is new: of 1,000 Pods of a Service, for the one that became ready.
 */
export class ReadPod {
  readonly pod: Pod;
  #facts: PodFacts | null = null;

  constructor(pod: Pod) {
    this.pod = pod;
  }

  static of(pod: Pod | ReadPod): ReadPod {
    return pod instanceof ReadPod ? pod : new ReadPod(pod);
  }

  get facts(): PodFacts {
    this.#facts ??= factsOf(this.pod);
    return this.#facts;
  }
}

export interface PodFacts {
  readonly isDone: boolean;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  /** Whether it says any address, right or wrong. */
  readonly hasAddress: boolean;
  /** Of its first address. */
  readonly firstFamily: Family;
  /** `null` for a family that it has no address of. */
  readonly IPv4: PodAddresses | null;
  readonly IPv6: PodAddresses | null;
  readonly reference: TargetReference;
}

/** The addresses of a Pod that are of one family, and what was made of them last. */
export interface PodAddresses {
  /** At least one. */
  readonly canonical: readonly string[];
  /** The first one, as it is written. */
  readonly written: string;
  endpoint: SliceEndpoint | null;
  listed: EndpointAddress | null;
}

function factsOf(pod: Pod): PodFacts {
  const texts = podAddresses(pod);
  const first = parseAddress(texts[0] ?? '');
  return {
    isDone: isDone(pod),
    isReady: isPodReady(pod),
    isTerminating: isTerminating(pod),
    hasAddress: texts.length > 0,
    firstFamily: first === null ? 'IPv4' : familyOf(first),
    IPv4: addressesOf(texts, 'IPv4'),
    IPv6: addressesOf(texts, 'IPv6'),
    reference: podReference(pod),
  };
}

function addressesOf(texts: readonly string[], family: Family): PodAddresses | null {
  let written: string | null = null;
  const canonical: string[] = [];
  for (const text of texts) {
    const address = parseAddress(text);
    if (address === null || familyOf(address) !== family) continue;
    written ??= text;
    canonical.push(formatAddress(address));
  }
  return written === null ? null : { canonical, written, endpoint: null, listed: null };
}
