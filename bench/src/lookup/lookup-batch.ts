import { emitTable } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { packetWords, verdictWords } from '@shunt/model';
import type { Packets } from '../workload/packets.js';
import { BOTH_FAMILIES, type Implementation } from './implementation.js';
import { answersOfRecords, verdictRoom } from './verdict-records.js';

const KERNEL_NAMES = { webassembly: 'WebAssembly', typescript: 'TypeScript' } as const;

/** How `Dataplane.lookupBatch` or `lookupBatch6` is called. */
export interface BatchUse {
  readonly kernels: keyof typeof KERNEL_NAMES;
  /** At most so many packets a call. */
  readonly batchPackets: number;
  /** Whether packets and verdicts are in the table's memory: then nothing is copied. */
  readonly inPlace: boolean;
}

interface Records {
  readonly packets: Uint32Array;
  /** Room for one call. */
  readonly verdicts: Uint32Array;
}

export function lookupBatch({ kernels, batchPackets, inPlace }: BatchUse): Implementation {
  const where = inPlace ? ', in place' : '';
  return {
    name: `lookupBatch (${KERNEL_NAMES[kernels]}), ${batchPackets} a call${where}`,
    families: BOTH_FAMILIES,
    prepare(ruleset, packets, seed) {
      const { family, count } = packets;
      const { image } = emitTable(ruleset, { seed });
      const words = packetWords(family);
      const batchBytes = inPlace ? batchBytesOf(packets) : 0;
      const dataplane = Dataplane.load(image, { kernels, batchBytes });
      const records = inPlace
        ? recordsInside(dataplane, packets, batchPackets)
        : { packets: packets.records, verdicts: verdictRoom(batchPackets, family) };
      // The views are made before: a program that works in batches has its buffers.
      const batches = Array.from({ length: Math.ceil(count / batchPackets) }, (_, batch) => {
        return records.packets.subarray(batch * batchPackets * words, (batch + 1) * batchPackets * words);
      });
      const lookup = (some: Uint32Array): void => {
        if (family === 'IPv4') dataplane.lookupBatch(some, records.verdicts, some.length / words);
        else dataplane.lookupBatch6(some, records.verdicts, some.length / words);
      };
      return {
        bytes: image.byteLength,
        run(first, runCount) {
          const end = (first + runCount) / batchPackets;
          for (let index = first / batchPackets; index < end; index++) lookup(batches[index] as Uint32Array);
        },
        answers() {
          const all = verdictRoom(batches.length * batchPackets, family);
          batches.forEach((batch, index) => {
            lookup(batch);
            all.set(records.verdicts, index * records.verdicts.length);
          });
          return answersOfRecords(all, family);
        },
      };
    },
  };
}

/** What most benchmarks take for a lookup in batches. */
export const usualLookupBatch = lookupBatch({ kernels: 'webassembly', batchPackets: 4_096, inPlace: false });

/** Room for all packets and as many verdicts. */
export function batchBytesOf({ family, count }: Packets): number {
  return count * 4 * (packetWords(family) + verdictWords(family)) + 1_024;
}

function recordsInside(dataplane: Dataplane, packets: Packets, batchPackets: number): Records {
  const { family, count, records } = packets;
  const batch = dataplane.allocateBatch(family, count);
  batch.packets.set(records);
  const room = Math.min(batchPackets, count) * verdictWords(family);
  return { packets: batch.packets, verdicts: batch.verdicts.subarray(0, room) };
}
