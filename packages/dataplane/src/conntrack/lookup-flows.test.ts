import { OUTCOME_ESTABLISHED, OUTCOME_REPLY, TCP_ACK, TCP_FIN } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counters } from '../counters/counters.js';
import { Conntrack } from './conntrack.js';
import { FLOW_BLOCK_PACKETS, FLOW_SCRATCH_WORDS } from './flow-scratch.js';
import { answerFlows4, matchFlows4 } from './lookup-flows4.js';
import { answerFlows6, matchFlows6 } from './lookup-flows6.js';

const FLOWS = 1024;
const REGION = 16;

/** As many established flows as there is room for, one packet of each. */
function fullTable(family: 'IPv4' | 'IPv6') {
  const options = { family, flows: FLOWS } as const;
  const counting = { servicePorts: 1, backends: 1 };
  const counters = new Counters(new Uint32Array(Counters.regionWords(counting)), 0, counting);
  const words = new Uint32Array(REGION + Conntrack.regionWords(options));
  const conntrack = new Conntrack(words, REGION, options, counters);
  const { addressWords, packetWords, verdictWords, verdictAddress, flowVerdictWords } = conntrack.layout;
  const packets = new Uint32Array(FLOWS * packetWords);
  const replies = new Uint32Array(FLOWS * packetWords);
  const verdict = new Uint32Array(verdictWords);
  verdict[0] = 1 | (8080 << 16);
  verdict[verdictAddress] = 0x0a010001;
  for (let flow = 0; flow < FLOWS; flow++) {
    const at = flow * packetWords;
    packets[at] = 0x0a020000 + flow;
    packets[at + addressWords] = 0x0a600001;
    packets[at + 2 * addressWords] = (40_000 << 16) | 80;
    packets[at + 2 * addressWords + 1] = (TCP_ACK << 8) | 6;
    replies[at] = 0x0a010001;
    replies[at + addressWords] = 0x0a020000 + flow;
    replies[at + 2 * addressWords] = (8080 << 16) | 40_000;
    replies[at + 2 * addressWords + 1] = (TCP_ACK << 8) | 6;
    conntrack.begin(packets, at, verdict, 0, 0, verdict, 0, 0);
    conntrack.follow(replies, at, 0);
    conntrack.follow(packets, at, 0);
  }
  const verdicts = new Uint32Array(FLOWS * flowVerdictWords);
  return { conntrack, words, packets, replies, verdicts, counters };
}

describe.each([
  ['IPv4', matchFlows4, answerFlows4],
  ['IPv6', matchFlows6, answerFlows6],
] as const)('the packet path of %s', (family, match, answer) => {
  const scratch = new Uint32Array(FLOW_SCRATCH_WORDS);

  it('answers every packet of an established flow by itself, wherever its entry lies', () => {
    const { conntrack, words, packets, replies, verdicts, counters } = fullTable(family);
    for (const [records, isReply] of [
      [packets, false],
      [replies, true],
    ] as const) {
      for (let first = 0; first < FLOWS; first += FLOW_BLOCK_PACKETS) {
        match(words, REGION, records, first, FLOW_BLOCK_PACKETS, scratch);
        const end = answer(words, REGION, records, verdicts, first, 0, FLOW_BLOCK_PACKETS, 100, scratch);
        expect(end).toBe(FLOW_BLOCK_PACKETS);
      }
      const outcomes = verdicts.filter((_, at) => at % conntrack.layout.flowVerdictWords === 0);
      const wanted = OUTCOME_ESTABLISHED | (isReply ? OUTCOME_REPLY : 0);
      expect(outcomes.every((outcome) => (outcome & (OUTCOME_ESTABLISHED | OUTCOME_REPLY)) === wanted)).toBe(
        true,
      );
    }
    conntrack.collect();
    expect(counters.servicePort(0)).toMatchObject({ flows: FLOWS, packets: FLOWS, replies: FLOWS });
  });

  it('stops at what needs more than a copy: an unknown flow, an old one, one that closes', () => {
    const { words, packets, verdicts, conntrack } = fullTable(family);
    const { packetWords, addressWords } = conntrack.layout;
    const protocol = 2 * addressWords + 1;
    packets[3 * packetWords] = 1;
    packets[7 * packetWords + protocol] = ((TCP_ACK | TCP_FIN) << 8) | 6;
    match(words, REGION, packets, 0, 10, scratch);
    const stops = [0, 4, 8].map((from) => answer(words, REGION, packets, verdicts, 0, from, 10, 1, scratch));
    expect(stops).toEqual([3, 7, 10]);
    expect(answer(words, REGION, packets, verdicts, 0, 0, 10, 432_000, scratch)).toBe(3);
    expect(answer(words, REGION, packets, verdicts, 0, 0, 10, 864_000, scratch)).toBe(0);
  });

  it('takes any words for packets', () => {
    const { words, verdicts, conntrack } = fullTable(family);
    const count = 8;
    const length = count * conntrack.layout.packetWords;
    const before = words.slice();
    fc.assert(
      fc.property(fc.uint32Array({ minLength: length, maxLength: length }), (packets) => {
        match(words, REGION, packets, 0, count, scratch);
        expect(answer(words, REGION, packets, verdicts, 0, 0, count, 0, scratch)).toBe(0);
      }),
    );
    expect(words).toEqual(before);
  });
});
