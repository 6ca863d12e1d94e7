import { FLOW_VERDICT4_WORDS, PACKET4_WORDS } from '@shunt/model';
import { type EstablishedPipeline, establishFlows, type Loops } from './establish-flows.js';
import type { FlowImplementation } from './flow-implementation.js';
import type { FlowWorkload } from './flow-workload.js';

/** `StatefulPipeline.process`, at most `batchPackets` a call. */
export function pipelineFlows(loops: Loops, batchPackets: number): FlowImplementation {
  return {
    name: `StatefulPipeline, ${loops}, ${batchPackets} a call`,
    prepare(workload) {
      const { pipeline, packets, verdictRoom, bytes } = establish(loops, workload);
      const verdicts = verdictRoom(workload.count);
      const batches = Array.from({ length: Math.ceil(workload.count / batchPackets) }, (_, batch) => {
        const begin = batch * batchPackets;
        const end = Math.min(begin + batchPackets, workload.count);
        return {
          packets: packets.subarray(begin * PACKET4_WORDS, end * PACKET4_WORDS),
          verdicts: verdicts.subarray(begin * FLOW_VERDICT4_WORDS, end * FLOW_VERDICT4_WORDS),
          count: end - begin,
        };
      });
      return {
        verdicts,
        bytesPerFlow: bytes / workload.count,
        run(first, count, now) {
          const end = (first + count) / batchPackets;
          for (let index = first / batchPackets; index < end; index++) {
            const batch = batches[index] as (typeof batches)[number];
            pipeline.process(batch.packets, batch.verdicts, batch.count, now);
          }
        },
      };
    },
  };
}

/** The flow verdicts of the packets of flows that are established: what all others are held to. */
export function establishedAnswers(workload: FlowWorkload): Uint32Array {
  const { pipeline, packets, now } = establish('TypeScript', workload);
  const verdicts = new Uint32Array(workload.count * FLOW_VERDICT4_WORDS);
  pipeline.process(packets, verdicts, workload.count, now);
  return verdicts;
}

function establish(loops: Loops, workload: FlowWorkload): EstablishedPipeline {
  const backends = workload.frontends * workload.backendsPerFrontend;
  return establishFlows(loops, { ...workload, backends }, workload.count);
}
