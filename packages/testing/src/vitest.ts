/**
 * Matchers for vitest that say where packets go. Importing this module adds them to `expect`:
 *
 *     import { rulesFor } from '@shunt/testing/vitest';
 *     expect(rulesFor(manifests, { node: 'node-a' })).toReach('10.0.0.2 -> 10.96.0.10:80/TCP', ['10.0.1.5:8080']);
 */
import { expect } from 'vitest';
import * as matchers from './matchers.js';
import type { PacketLike } from './packet-text.js';

export { formatPacket, type PacketLike, toPacket, type WrittenPacket } from './packet-text.js';
export { type Fate, Rules, type RulesOptions, rulesFor } from './rules.js';

expect.extend({ ...matchers });

/** What a packet-flow matcher is asked of a `Rules` value. */
export interface PacketMatchers {
  /** The packet is sent to a backend, and may reach exactly these (`ip:port`, any order); without a list, any. */
  toReach(packet: PacketLike, backends?: readonly string[]): void;
  /** The packet may reach at least one of these backends. */
  toReachAnyOf(packet: PacketLike, backends: readonly string[]): void;
  /** Whoever sent the packet is told that nobody is there. */
  toReject(packet: PacketLike): void;
  /** The packet is discarded in silence. */
  toDrop(packet: PacketLike): void;
  /** The packet is let through explicitly, as to a health-check node port in iptables mode. */
  toAccept(packet: PacketLike): void;
  /** No rule touches the packet. */
  toPassUntouched(packet: PacketLike): void;
  /** The packet is masqueraded whichever backend is picked, or exactly for these backends. */
  toMasquerade(packet: PacketLike, backends?: readonly string[]): void;
}

declare module 'vitest' {
  // A merged interface must repeat its type parameters.
  interface Matchers<T> extends PacketMatchers {}
}
