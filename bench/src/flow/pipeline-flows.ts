import { Conntrack, Counters, type FamilyRules, StatefulPipeline } from '@shunt/dataplane';
import { FLOW_VERDICT4_WORDS, PACKET4_WORDS, TCP_ACK, VERDICT4_WORDS } from '@shunt/model';
import { SEEDS } from '../workload/random.js';
import type { FlowImplementation } from './flow-implementation.js';
import { type FlowWorkload, NODE_ADDRESS } from './flow-workload.js';

const START = 1_000;

/** `StatefulPipeline.process`, at most `batchPackets` a call. */
export function pipelineFlows(batchPackets: number): FlowImplementation {
  return {
    name: `StatefulPipeline, ${batchPackets} a call`,
    prepare(workload) {
      const { pipeline, bytesPerFlow } = establish(workload);
      const verdicts = new Uint32Array(workload.count * FLOW_VERDICT4_WORDS);
      const batches = Array.from({ length: Math.ceil(workload.count / batchPackets) }, (_, batch) => {
        const begin = batch * batchPackets;
        const end = Math.min(begin + batchPackets, workload.count);
        return {
          packets: workload.packets.subarray(begin * PACKET4_WORDS, end * PACKET4_WORDS),
          verdicts: verdicts.subarray(begin * FLOW_VERDICT4_WORDS, end * FLOW_VERDICT4_WORDS),
          count: end - begin,
        };
      });
      return {
        verdicts,
        bytesPerFlow,
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
  const verdicts = new Uint32Array(workload.count * FLOW_VERDICT4_WORDS);
  establish(workload).pipeline.process(workload.packets, verdicts, workload.count, START);
  return verdicts;
}

/** Begins all flows and sees them through their handshakes. */
function establish(workload: FlowWorkload): { pipeline: StatefulPipeline; bytesPerFlow: number } {
  const { count, frontends, backendsPerFrontend, packets, verdicts, order } = workload;
  const options = { family: 'IPv4', flows: count, seed: SEEDS.flowHash } as const;
  const counting = { servicePorts: frontends + 1, backends: frontends * backendsPerFrontend + 1 };
  const regionWords = Conntrack.regionWords(options);
  const counters = new Counters(new Uint32Array(Counters.regionWords(counting)), 0, counting);
  const conntrack = new Conntrack(new Uint32Array(regionWords), 0, options, counters);
  const masquerade = { addresses: Uint32Array.of(NODE_ADDRESS) };
  for (const flow of order) {
    const frontend = verdicts[flow * VERDICT4_WORDS + 3] as number;
    const [packet, verdict] = [flow * PACKET4_WORDS, flow * VERDICT4_WORDS];
    conntrack.begin(packets, packet, verdicts, verdict, frontend, masquerade.addresses, 0, START);
  }
  const pipeline = new StatefulPipeline({ rules: noRules, conntrack, masquerade });
  const answers = new Uint32Array(count * FLOW_VERDICT4_WORDS);
  pipeline.process(packets, answers, count, START);
  const replies = repliesTo(answers, count);
  pipeline.process(replies, answers, count, START);
  pipeline.process(packets, answers, count, START);
  return { pipeline, bytesPerFlow: (4 * regionWords) / count };
}

function repliesTo(answers: Uint32Array, count: number): Uint32Array {
  const replies = new Uint32Array(count * PACKET4_WORDS);
  for (let flow = 0; flow < count; flow++) {
    const answer = flow * FLOW_VERDICT4_WORDS;
    const ports = answers[answer + 5] as number;
    const [destination, source] = [answers[answer + 1] as number, answers[answer + 4] as number];
    const reply = [destination, source, (ports << 16) | (ports >>> 16), (TCP_ACK << 8) | 6];
    replies.set(reply, flow * PACKET4_WORDS);
  }
  return replies;
}

/** Nobody asks: all packets are of flows. */
const noRules: FamilyRules = {
  lookup: () => {
    throw new Error('a flow was lost');
  },
  servicePort: () => 0,
  affinitySeconds: () => 0,
  redirect: () => false,
};
