import { FLOW_VERDICT4_WORDS, PACKET4_WORDS, VERDICT4_WORDS } from '@shunt/model';
import { type EstablishedFlows, establishFlows, type Loops } from '../flow/establish-flows.js';
import { answersOfRecords } from '../lookup/verdict-records.js';
import type { FlowImplementation } from './flow-implementation.js';
import type { Flows } from './flows.js';
import { writeRemembered } from './string-map-flows.js';

/**
 * `StatefulPipeline.process`, at most `batchPackets` a call, on flows that are established. It does more than the
 * others: it looks at the clock and the state of each flow, counts, and rewrites source and ports, too.
 */
export function pipelineFlows(loops: Loops, batchPackets: number): FlowImplementation {
  return {
    name: `StatefulPipeline, ${loops}, ${batchPackets} a call`,
    prepare(flows) {
      const { count, records } = flows.packets;
      const established = establishFlows(loops, firstVerdicts(flows), batchPackets);
      const room = established.verdictRoom(batchPackets);
      const batches = Array.from({ length: Math.ceil(count / batchPackets) }, (_, batch) => {
        const end = Math.min((batch + 1) * batchPackets, count);
        return established.packets.subarray(batch * batchPackets * PACKET4_WORDS, end * PACKET4_WORDS);
      });
      const process = (packets: Uint32Array): void => {
        established.pipeline.process(packets, room, packets.length / PACKET4_WORDS, established.now);
      };
      if (records.length !== established.packets.length) throw new Error('a packet was lost');
      return {
        bytes: established.bytes,
        run(first, runCount) {
          const end = (first + runCount) / batchPackets;
          for (let index = first / batchPackets; index < end; index++) process(batches[index] as Uint32Array);
        },
        answers() {
          const all = new Uint32Array(batches.length * batchPackets * VERDICT4_WORDS);
          batches.forEach((batch, index) => {
            process(batch);
            copyVerdicts(room, batchPackets, all, index * batchPackets);
          });
          return answersOfRecords(all, 'IPv4');
        },
      };
    },
  };
}

/** What the rules had said of each flow, whose frontends are those of the packets. */
function firstVerdicts(flows: Flows): EstablishedFlows {
  const { count, records } = flows.packets;
  const verdicts = new Uint32Array(count * VERDICT4_WORDS);
  const frontends = new Map<string, number>();
  for (let flow = 0; flow < count; flow++) {
    const packet = flow * PACKET4_WORDS;
    writeRemembered(flows, flows.memory[flow] as number, verdicts, flow * VERDICT4_WORDS);
    const key = `${records[packet + 1]},${(records[packet + 2] as number) & 0xffff},${records[packet + 3]}`;
    const frontend = frontends.get(key) ?? frontends.size + 1;
    frontends.set(key, frontend);
    verdicts[flow * VERDICT4_WORDS + 3] = frontend;
  }
  return {
    count,
    packets: records,
    verdicts,
    order: flows.insertionOrder,
    frontends: frontends.size,
    backends: flows.backends.length,
  };
}

/** The beginning of a flow verdict is a verdict. */
function copyVerdicts(from: Uint32Array, count: number, to: Uint32Array, first: number): void {
  for (let index = 0; index < count; index++) {
    const at = index * FLOW_VERDICT4_WORDS;
    to.set(from.subarray(at, at + VERDICT4_WORDS), (first + index) * VERDICT4_WORDS);
  }
}
