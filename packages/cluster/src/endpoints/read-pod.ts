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
  readonly isDone: boolean;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  #texts: readonly string[] | null = null;
  #reference: TargetReference | null = null;
  // Apart, since most Services have one family only; `undefined`: not asked for.
  #ipv4: PodAddresses | null | undefined = undefined;
  #ipv6: PodAddresses | null | undefined = undefined;

  constructor(pod: Pod) {
    this.pod = pod;
    this.isDone = isDone(pod);
    this.isReady = isPodReady(pod);
    this.isTerminating = isTerminating(pod);
  }

  static of(pod: Pod | ReadPod): ReadPod {
    return pod instanceof ReadPod ? pod : new ReadPod(pod);
  }

  /** Whether it says any address, right or wrong. */
  get hasAddress(): boolean {
    return this.firstAddress !== '';
  }

  /** As it is written; empty without one. */
  get firstAddress(): string {
    return this.#addresses[0] ?? '';
  }

  /** Of its first address. */
  get firstFamily(): Family {
    const first = parseAddress(this.firstAddress);
    return first === null ? 'IPv4' : familyOf(first);
  }

  get reference(): TargetReference {
    this.#reference ??= podReference(this.pod);
    return this.#reference;
  }

  /** @returns `null` when it has none of that family */
  addressesOf(family: Family): PodAddresses | null {
    if (family === 'IPv4') {
      if (this.#ipv4 === undefined) this.#ipv4 = addressesOf(this.#addresses, family);
      return this.#ipv4;
    }
    if (this.#ipv6 === undefined) this.#ipv6 = addressesOf(this.#addresses, family);
    return this.#ipv6;
  }

  get #addresses(): readonly string[] {
    this.#texts ??= podAddresses(this.pod);
    return this.#texts;
  }
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

function addressesOf(texts: readonly string[], family: Family): PodAddresses | null {
  let written: string | null = null;
  const canonical: string[] = [];
  for (const text of texts) {
    const address = mayBe(family, text) ? parseAddress(text) : null;
    if (address === null || familyOf(address) !== family) continue;
    written ??= text;
    const formatted = formatAddress(address);
    // The text that is there already: another one for each Pod would have to be kept.
    canonical.push(formatted === text ? text : formatted);
  }
  return written === null ? null : { canonical, written, endpoint: null, listed: null };
}

// Reading the IPv6 address of a dual-stack Pod takes longer than all else that a Service of IPv4 asks of it.
function mayBe(family: Family, text: string): boolean {
  const hasColon = text.includes(':');
  return family === 'IPv6' ? hasColon : !hasColon || IPV4_MAPPED.test(text);
}

/** In every IPv6 address that stands for one of IPv4, such as `::ffff:10.0.0.1`. */
const IPV4_MAPPED = /ffff/i;
