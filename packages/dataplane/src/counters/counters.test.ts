import { describe, expect, it } from 'vitest';
import { Counters } from './counters.js';

const OPTIONS = { servicePorts: 3, backends: 3 };

function countersAt(words: Uint32Array, offset: number): Counters {
  return new Counters(words, offset, OPTIONS);
}

describe('counters', () => {
  const words = Counters.regionWords(OPTIONS);

  it('add up flows and packets of service ports and backends', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    counters.addFlows(1, 2, 1, 10, 7);
    counters.addFlows(1, 1, 0, 5, 0);
    counters.addRefusal(1);
    expect(counters.servicePort(1)).toEqual({ flows: 1, packets: 15, replies: 7, refused: 1 });
    expect(counters.backend(2)).toEqual({ flows: 1, packets: 10, replies: 7, refused: 0 });
    expect(counters.backend(1)).toEqual({ flows: 0, packets: 5, replies: 0, refused: 0 });
    counters.clearBackend(2);
    counters.clearServicePort(1);
    expect([counters.backend(2).packets, counters.servicePort(1).packets]).toEqual([0, 0]);
    expect(counters.backend(1).packets).toBe(5);
  });

  it('count outcomes by verdict and reason, whatever else is in the word', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    // drop (3) by service-cidr (4), from the node and from outside.
    for (const origin of [1, 2]) counters.addOutcome(3 | (origin << 4) | (4 << 8));
    expect([counters.outcomes(3, 4), counters.outcomes(3, 0), counters.outcomes(2, 4)]).toEqual([2, 0, 0]);
  });

  it('go on past what 32 bits hold', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    for (let k = 0; k < 4; k++) counters.addFlows(1, 1, 0, 0xffffffff, 0);
    expect(counters.servicePort(1).packets).toBe(4 * 0xffffffff);
  });

  it('count what has no number of its own as number 0', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    counters.addFlows(3, 99, 1, 1, 1);
    expect([counters.servicePort(0).flows, counters.backend(0).flows]).toEqual([1, 1]);
  });

  it('of all workers are one sum, read from their memory', () => {
    const memory = new Uint32Array(new SharedArrayBuffer(4 * (4 + 3 * words)));
    const workers = [4, 4 + words, 4 + 2 * words].map((offset) => countersAt(memory, offset));
    workers.forEach((worker, k) => {
      worker.addFlows(1, k, 1, 10 ** k, 0);
      worker.addOutcome(3);
    });
    const sum = countersAt(new Uint32Array(words), 0);
    for (let k = 0; k < 3; k++) sum.merge(countersAt(memory, 4 + k * words));
    expect(sum.servicePort(1)).toEqual({ flows: 3, packets: 111, replies: 0, refused: 0 });
    expect([sum.backend(2).packets, sum.outcomes(3, 0)]).toEqual([100, 3]);
    expect([...memory.slice(0, 4)]).toEqual([0, 0, 0, 0]);
  });

  it('of another size are refused', () => {
    const counters = countersAt(new Uint32Array(words), 0);
    const other = new Counters(new Uint32Array(2 * words), 0, { servicePorts: 4, backends: 3 });
    expect(() => counters.merge(other)).toThrow('"other" expected 3 service ports');
    expect(() => countersAt(new Uint32Array(words + 1), 1)).toThrow('"offset" expected an even word');
    expect(() => countersAt(new Uint32Array(words), 2)).toThrow(RangeError);
  });
});
