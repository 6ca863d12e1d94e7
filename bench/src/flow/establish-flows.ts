import { Conntrack, Counters, type FamilyRules, KernelMemory, StatefulPipeline } from '@shunt/dataplane';
import { FLOW_VERDICT4_WORDS, PACKET4_WORDS, TCP_ACK } from '@shunt/model';
import { SEEDS } from '../workload/random.js';
import { NODE_ADDRESS } from './flow-workload.js';

const START = 1_000;
// The largest batch that is timed.
const ROOM_PACKETS = 4_096;
const TCP = 6;

export type Loops = 'WebAssembly' | 'TypeScript';

/** Flows that are to begin. IPv4. */
export interface EstablishedFlows {
  readonly count: number;
  /** A packet of each. */
  readonly packets: Uint32Array;
  /** What the rules say of it, with the number of its frontend for its service port. */
  readonly verdicts: Uint32Array;
  /** In which order they begin. */
  readonly order: Iterable<number>;
  readonly frontends: number;
  readonly backends: number;
}

export interface EstablishedPipeline {
  readonly pipeline: StatefulPipeline;
  /** The packets, where the pipeline reaches them. */
  readonly packets: Uint32Array;
  /** Room for flow verdicts, where the pipeline reaches it. */
  verdictRoom(count: number): Uint32Array;
  /** What the flows take. */
  readonly bytes: number;
  /** The second that it is. */
  readonly now: number;
}

/** Begins all flows and sees them through their handshakes, and a packet of each once more. */
export function establishFlows(
  loops: Loops,
  { count, packets, verdicts, order, frontends, backends }: EstablishedFlows,
  verdictCount = ROOM_PACKETS,
): EstablishedPipeline {
  const options = { family: 'IPv4', flows: count, seed: SEEDS.flowHash } as const;
  const counting = { servicePorts: frontends + 1, backends: backends + 1 };
  const regionWords = Conntrack.regionWords(options);
  const sizes = [
    regionWords,
    packets.length,
    verdictCount * FLOW_VERDICT4_WORDS,
    StatefulPipeline.memoryWords('IPv4'),
  ];
  const room = sizes.reduce((sum, words) => sum + KernelMemory.roomFor(words), 0);
  const memory = new KernelMemory(room, { webAssembly: loops === 'WebAssembly' });
  const counters = new Counters(new Uint32Array(Counters.regionWords(counting)), 0, counting);
  const conntrack = new Conntrack(memory.words, memory.allocate(regionWords), options, counters);
  const masquerade = { addresses: Uint32Array.of(NODE_ADDRESS) };
  for (const flow of order) {
    const frontend = verdicts[flow * 4 + 3] as number;
    conntrack.begin(packets, flow * 4, verdicts, flow * 4, frontend, masquerade.addresses, 0, START);
  }
  const pipeline = new StatefulPipeline({ rules: noRules, conntrack, masquerade, memory });
  const reachable = memory.array(packets.length);
  reachable.set(packets);
  const answers = new Uint32Array(count * FLOW_VERDICT4_WORDS);
  pipeline.process(reachable, answers, count, START);
  pipeline.process(repliesTo(packets, answers, count), answers, count, START);
  pipeline.process(reachable, answers, count, START);
  return {
    pipeline,
    packets: reachable,
    verdictRoom: (records) => memory.array(records * FLOW_VERDICT4_WORDS),
    bytes: 4 * regionWords,
    now: START,
  };
}

function repliesTo(packets: Uint32Array, answers: Uint32Array, count: number): Uint32Array {
  const replies = new Uint32Array(count * PACKET4_WORDS);
  for (let flow = 0; flow < count; flow++) {
    const answer = flow * FLOW_VERDICT4_WORDS;
    const ports = answers[answer + 5] as number;
    const [destination, source] = [answers[answer + 1] as number, answers[answer + 4] as number];
    const protocol = (packets[flow * PACKET4_WORDS + 3] as number) & 0xff;
    // As SCTP, it would be the number of a chunk.
    const hint = protocol === TCP ? TCP_ACK << 8 : 0;
    replies.set([destination, source, (ports << 16) | (ports >>> 16), hint | protocol], flow * PACKET4_WORDS);
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
