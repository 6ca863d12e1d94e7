/** New TCP connections from a pod through the node's rules. */

import { formatAddress } from '@shunt/model';
import { type BuiltPeer, buildPeer } from '../peers/build-peer.js';
import type { Peer } from '../peers/peer.js';
import type { Cluster } from '../workload/cluster.js';
import { below, type Random } from '../workload/random.js';
import type { KernelBed } from './kernel-bed.js';

/** The port that all pods of the generated clusters listen on. */
const POD_PORT = 8080;

const CONNECT = program('connect');
const ACCEPT = program('accept');

function program(name: string): Peer {
  return { name, program: name, sources: [`${name}.c`], defines: [], libraries: [] };
}

export interface ConnectionPrograms {
  readonly connect: string;
  readonly accept: string;
}

/** Builds the two programs; the reason if there is no compiler. */
export function connectionPrograms(): ConnectionPrograms | { readonly missing: string } {
  const [connect, accept]: BuiltPeer[] = [buildPeer(CONNECT), buildPeer(ACCEPT)];
  if (connect === undefined || accept === undefined) return { missing: 'no program' };
  if ('missing' in connect) return connect;
  if ('missing' in accept) return accept;
  return { connect: connect.path, accept: accept.path };
}

/** Lets all pods of a bed accept connections. */
export async function acceptConnections(bed: KernelBed, { accept }: ConnectionPrograms): Promise<void> {
  await bed.start('pods', accept, [String(POD_PORT)]);
}

/** Cluster IPs that a pod connects to, by chance: lines `ADDRESS PORT`. */
export function targetsOf({ destinations }: Cluster, random: Random, count: number): string[] {
  const targets = destinations.filter(({ kind, protocol }) => kind === 'clusterIP' && protocol === 'TCP');
  return Array.from({ length: count }, () => {
    const { address, port } = targets[below(random, targets.length)] as Cluster['destinations'][number];
    return `${formatAddress(address)} ${port}`;
  });
}

/**
 * Connects to one after the other.
 * @returns nanoseconds of each
 * @throws {KernelFailure} if one cannot be opened
 */
export function connectTo(
  bed: KernelBed,
  { connect }: ConnectionPrograms,
  targets: readonly string[],
): number[] {
  const output = bed.run('client', connect, [], `${targets.join('\n')}\n`);
  return output.trimEnd().split('\n').map(Number);
}
