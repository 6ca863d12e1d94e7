/**
 * The job of a flow table as a file of words for the native peers: flows in the order to insert them,
 * with the backend to remember. bench/peers/flows-job.h reads it. IPv4.
 *
 * ```
 * magic, then two sections, each with its count of records first:
 * backends  address | port; record 0 is none, and zero
 * flows     the four words of the packet record | backend << 1 | masqueraded
 * ```
 */
import { PACKET4_WORDS } from '@shunt/model';
import type { Flows } from '../flows/flows.js';
import { WordList } from './word-list.js';

const MAGIC = 0x464c4f57;

/** Writes the job of remembering all flows. */
export function flowJob({ packets, backends, memory, insertionOrder }: Flows): Uint32Array {
  const job = new WordList();
  job.push(MAGIC, backends.length);
  for (const { address, port } of backends) job.push(address, port);
  job.push(insertionOrder.length);
  for (const flow of insertionOrder) {
    job.append(packets.records.subarray(flow * PACKET4_WORDS, (flow + 1) * PACKET4_WORDS));
    job.push(memory[flow] as number);
  }
  return job.words;
}
