import { type BuiltPeer, buildPeer } from './build-peer.js';
import { NativePeer, PeerFailure } from './native-peer.js';
import type { Peer } from './peer.js';

/** Told what is left out, and why. */
export type Notice = (text: string) => void;

/**
 * Builds and starts those peers that this machine has what it takes for; the others are left out with a
 * notice, for a benchmark without them is one all the same.
 * @param job, packets - what they read
 */
export async function startPeers(
  peers: readonly Peer[],
  job: () => Uint32Array,
  packets: Uint32Array,
  notice: Notice,
): Promise<NativePeer[]> {
  const started: NativePeer[] = [];
  for (const peer of peers) {
    const built: BuiltPeer = buildPeer(peer);
    if ('missing' in built) {
      notice(`${peer.name} is left out: ${built.missing}`);
      continue;
    }
    try {
      started.push(await NativePeer.start(peer.name, built.path, job(), packets));
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      notice(`${peer.name} is left out: ${error.message}`);
    }
  }
  return started;
}
