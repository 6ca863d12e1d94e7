import { describe, expect, it } from 'vitest';
import { ReaderEpochs } from './apply/reader-epochs.js';
import { Conntrack } from './conntrack/conntrack.js';
import { Counters } from './counters/counters.js';
import { Dataplane, StatefulDataplane } from './index.js';
import type { KernelChoice } from './lookup/lookup-kernels.js';
import { TableMemory } from './memory/table-memory.js';

const NO_INTEGERS = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY];

describe('an option that is out of range is named,', () => {
  it.each([...NO_INTEGERS, 2 ** 32])('"batchBytes" of %d', (batchBytes) => {
    for (const forWebAssembly of [true, false]) {
      expect(() => TableMemory.create(new Uint32Array(64), forWebAssembly, { batchBytes })).toThrow(
        new RangeError(`"batchBytes" expected an integer from 0 to ${2 ** 31}, got ${batchBytes}`),
      );
    }
  });

  it('"maximumBytes" of NaN', () => {
    const create = () => TableMemory.create(new Uint32Array(64), true, { maximumBytes: Number.NaN });
    expect(create).toThrow(/^"maximumBytes" expected at least \d+, got NaN$/);
  });

  it.each([...NO_INTEGERS, 0])('"batchPackets" of %d', (batchPackets) => {
    const table = { image: new Uint32Array(64), lookupBatch: () => {}, lookupBatch6: () => {} };
    const counting = { servicePorts: 1, backends: 1 };
    expect(() => new StatefulDataplane({ table, families: {}, counting, batchPackets })).toThrow(
      new RangeError(`"batchPackets" expected an integer from 1, got ${batchPackets}`),
    );
  });

  it.each([...NO_INTEGERS, 0])('"servicePorts" of %d', (servicePorts) => {
    expect(() => Counters.regionWords({ servicePorts, backends: 1 })).toThrow(
      new RangeError(`"servicePorts" expected an integer from 1 to ${2 ** 24}, got ${servicePorts}`),
    );
  });

  it.each(NO_INTEGERS)('"backends" of %d', (backends) => {
    expect(() => Counters.regionWords({ servicePorts: 1, backends })).toThrow(
      new RangeError(`"backends" expected an integer from 0 to ${2 ** 24}, got ${backends}`),
    );
  });

  it.each(NO_INTEGERS)('"spins" of %d', (spins) => {
    const words = new Uint32Array(ReaderEpochs.regionWords({ readers: 1 }));
    expect(() => new ReaderEpochs(words, { readers: 1, spins })).toThrow(
      new RangeError(`"spins" expected an integer from 0, got ${spins}`),
    );
  });

  it('a state that there is none of in "timeouts"', () => {
    const options = { family: 'IPv4', flows: 8, timeouts: { 'udp stream': 9, 'udp streams': 9 } } as const;
    const counting = { servicePorts: 1, backends: 1 };
    const counters = new Counters(new Uint32Array(Counters.regionWords(counting)), 0, counting);
    const words = new Uint32Array(Conntrack.regionWords({ family: 'IPv4', flows: 8 }));
    expect(() => new Conntrack(words, 0, options, counters)).toThrow(
      /^"timeouts" expected states of flows \(tcp syn, .*sctp closing\), got "udp streams"$/,
    );
  });

  it('"kernels" that there are none of', () => {
    const options = { kernels: 'foo' as KernelChoice };
    const expected = '"kernels" expected auto, webassembly or typescript, got "foo"';
    expect(() => Dataplane.attach({ memory: new ArrayBuffer(8) }, { ...options, reader: 1 })).toThrow(
      expected,
    );
    expect(() => Dataplane.load(new Uint32Array(64), options)).toThrow(expected);
  });
});
