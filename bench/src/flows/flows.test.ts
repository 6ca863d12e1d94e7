import type { Packet } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../lookup/implementation.js';
import { packetRecords } from '../workload/packets.js';
import { seededRandom } from '../workload/random.js';
import { rememberFlows } from './flows.js';
import { stringMapFlows } from './string-map-flows.js';

const packets = Array.from({ length: 40 }, (_, index): Packet => {
  return { protocol: 'TCP', source: 10 + index, sourcePort: index, destination: 99, destinationPort: 80 };
});
/** Three backends in turn; every fourth packet is refused, every fifth of the rest masqueraded. */
const answer = (index: number): Answer =>
  index % 4 === 3
    ? { verdict: 'drop', address: 0, port: 0, masquerade: false }
    : { verdict: 'dnat', address: 1_000 + (index % 3), port: 8_080, masquerade: index % 5 === 0 };
const flows = rememberFlows(seededRandom(1), packetRecords(packets), answer);

describe('remembered flows', () => {
  const sent = packets.flatMap((_, index) => (index % 4 === 3 ? [] : [index]));

  it('are those that were sent to a backend', () => {
    expect(flows.packets.objects).toEqual(sent.map((index) => packets[index]));
    expect(flows.backends).toHaveLength(1 + 3);
  });

  it('are inserted in another order than they come in', () => {
    const order = [...flows.insertionOrder];
    expect(order.toSorted((a, b) => a - b)).toEqual(sent.map((_, flow) => flow));
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });

  it('get their backend again', () => {
    const prepared = stringMapFlows.prepare(flows);
    prepared.run(0, sent.length);
    expect(sent.map((_, flow) => prepared.answers()(flow))).toEqual(sent.map(answer));
  });
});
