/** The memory of a table: other threads, room for batches. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { emitTable } from '@shunt/compiler';
import { Dataplane, type LookupResult, ReaderEpochs, ReaderStalledError } from '@shunt/dataplane';
import {
  address,
  HEADER_MODE,
  HEADER_TOTAL_WORDS,
  HEADER_VERSION,
  MATCH_TABLE_VERSION,
  PACKET4_WORDS,
  type Packet,
  readVerdict,
  VERDICT4_WORDS,
  writePacket,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { CONTROL_AT, CONTROL_IMAGE } from '../../packages/dataplane/src/memory/memory-layout.js';
import { TableMemory } from '../../packages/dataplane/src/memory/table-memory.js';
import { variedRuleset } from './small-ruleset.js';

const { image } = emitTable(variedRuleset(), { seed: 7 });
const KERNELS = ['webassembly', 'typescript'] as const;

const packets = Array.from(
  { length: 100 },
  (_, index): Packet => ({
    protocol: 'TCP',
    source: address('10.0.0.9'),
    sourcePort: index,
    destination: address(index % 3 === 0 ? '192.168.0.2' : '10.96.0.10'),
    destinationPort: index % 3 === 0 ? 30_080 : 80,
  }),
);
const records = new Uint32Array(packets.length * PACKET4_WORDS);
packets.forEach((packet, index) => void writePacket(records, index, packet));

function verdictsOf(dataplane: Dataplane): Uint32Array {
  const verdicts = new Uint32Array(packets.length * VERDICT4_WORDS);
  dataplane.lookupBatch(records, verdicts, packets.length);
  return verdicts;
}

interface WorkerAnswer {
  readonly kernels: string;
  readonly verdicts: Uint32Array;
  readonly mode: number;
}

describe.each(KERNELS)('a table in the memory of the %s kernels', (kernels) => {
  it('is a copy', () => {
    const given = image.slice();
    const dataplane = Dataplane.load(given, { kernels });
    const before = verdictsOf(dataplane);
    given.fill(0);
    expect(verdictsOf(dataplane)).toEqual(before);
    expect(dataplane.image).toEqual(image);
    expect(dataplane.kernels).toBe(kernels);
  });

  it('is shared with other threads, and what changes there, changes here', async () => {
    const dataplane = Dataplane.load(image, { kernels });
    const data = { handle: dataplane.share(), packets: records, count: packets.length };
    const worker = new Worker(new URL('./table-memory-worker.mjs', import.meta.url), { workerData: data });
    const ask = async (): Promise<WorkerAnswer> => {
      const answer = once(worker, 'message');
      worker.postMessage(null);
      return ((await answer) as [WorkerAnswer])[0];
    };
    try {
      const first = await ask();
      expect(first.kernels).toBe(kernels);
      expect(first.verdicts).toEqual(verdictsOf(dataplane));
      dataplane.image[HEADER_MODE] = 1;
      expect((await ask()).mode).toBe(1);
    } finally {
      await worker.terminate();
    }
  });

  it('becomes no larger than it may', () => {
    expect(() => Dataplane.load(image, { kernels, maximumBytes: 1_000 })).toThrow(/^"maximumBytes" expected/);
  });

  it('has room for batches until it is full', () => {
    const dataplane = Dataplane.load(image, { kernels, batchBytes: 4_096 });
    const first = dataplane.allocateBatch('IPv4', 32);
    const second = dataplane.allocateBatch('IPv6', 16);
    expect([first.packets.length, first.verdicts.length]).toEqual([128, 128]);
    expect([second.packets.length, second.verdicts.length]).toEqual([192, 128]);
    for (const [index, array] of [first.packets, first.verdicts, second.packets, second.verdicts].entries()) {
      array.fill(index + 1);
    }
    expect([...new Set(first.packets)]).toEqual([1]);
    expect([...new Set(first.verdicts)]).toEqual([2]);
    expect([...new Set(second.packets)]).toEqual([3]);
    expect(dataplane.image).toEqual(image);
    expect(() => dataplane.allocateBatch('IPv4', 100)).toThrow(/^"count" expected room for 3200 bytes/);
    expect(() => dataplane.allocateBatch('IPv4', -1)).toThrow(RangeError);
  });

  it('is not held by a reader whose batch has failed', () => {
    const random = (): number => {
      throw new Error('no more numbers');
    };
    const dataplane = Dataplane.load(image, { kernels, spins: 10 });
    const other = Dataplane.attach(dataplane.share(), { reader: 63, kernels, random });
    const toDns = {
      protocol: 'UDP',
      source: 'fd00::1',
      destination: 'fd00:96::a',
      destinationPort: 53,
    } as const;
    const epochs = new ReaderEpochs(TableMemory.attach(dataplane.share()).readerWords, {
      readers: 64,
      spins: 10,
    });
    expect(() => other.lookup(toDns)).toThrow('no more numbers');
    expect(() => epochs.waitForAll()).not.toThrow();
    other.beginBatch();
    other.lookup(packets[1] as Packet);
    expect(() => epochs.waitForAll()).toThrow(ReaderStalledError);
    dataplane.release(63);
    expect(() => epochs.waitForAll()).not.toThrow();
    expect(verdictsOf(other)).toEqual(verdictsOf(dataplane));
  });

  it('is patched by who loaded it', () => {
    const other = Dataplane.attach(Dataplane.load(image, { kernels }).share(), { reader: 1, kernels });
    expect(() => other.apply(new Uint32Array(0))).toThrow('a table is patched by the thread that loaded it');
  });

  it('answers numbers as it answers records, and texts as numbers', () => {
    const dataplane = Dataplane.load(image, { kernels, random: () => 0 });
    const expected = verdictsOf(dataplane);
    packets.forEach(({ source, sourcePort = 0, destination, destinationPort }, index) => {
      const numbers = [source, sourcePort, destination, destinationPort, 6] as const;
      const outcome = dataplane.lookup4(...(numbers as [number, number, number, number, number]));
      const record = expected.subarray(index * VERDICT4_WORDS, (index + 1) * VERDICT4_WORDS);
      expect(outcome).toBe(record[0]);
      expect(dataplane.verdict.subarray(0, VERDICT4_WORDS)).toEqual(record);
      const asText = { protocol: 'TCP', source: '10.0.0.9', sourcePort, destinationPort } as const;
      const text = index % 3 === 0 ? '192.168.0.2' : '10.96.0.10';
      const result = dataplane.lookup({ ...asText, destination: text });
      expect(result).toEqual({ ...readVerdict(expected, index, 'IPv4'), frontend: null });
    });
    const outcome = dataplane.lookup6(1n, 2, address('fd00:96::a') as bigint, 53, 17);
    expect(outcome).toBe(dataplane.verdict[0]);
    expect(readVerdict(dataplane.verdict, 0, 'IPv6').backend?.address).toBe(address('fd00:10::1'));
  });
});

describe('a packet with addresses as text', () => {
  const dataplane = Dataplane.load(image);
  const lookup = (source: string, destination: string): LookupResult =>
    dataplane.lookup({ protocol: 'TCP', source, sourcePort: 1, destination, destinationPort: 80 });

  it.each(['10.96.0.10', '010.096.000.010', '::ffff:10.96.0.10', '::ffff:a60:a'])(
    'may be written as people do: %s',
    (text) => {
      expect(lookup('10.0.0.9', text)).toEqual(lookup('10.0.0.9', '10.96.0.10'));
      expect(lookup('10.0.0.9', text).verdict).toBe('dnat');
    },
  );

  it.each([
    '',
    '10.96.0',
    '10.96.0.',
    '10.96..10',
    '10.96.0.256',
    '10.96.0.10.1',
    '0010.96.0.10x',
    'a.b.c.d',
    '1:2',
  ])('is refused if the text is no address: "%s"', (text) => {
    expect(() => lookup('10.0.0.9', text)).toThrow(
      new RangeError(`"destination" expected an IP address, got ${JSON.stringify(text)}`),
    );
  });

  it('is refused if it mixes families, or has a port that is none', () => {
    expect(() => lookup('::1', '10.96.0.10')).toThrow(
      '"packet" expected source and destination of one family',
    );
    for (const destinationPort of [-1, 1.5, 65_536, Number.NaN]) {
      const packet = { protocol: 'TCP', source: '1.2.3.4', destination: '1.2.3.4', destinationPort } as const;
      expect(() => dataplane.lookup(packet)).toThrow('"destinationPort" expected integer 0..65535');
    }
  });
});

describe('attaching', () => {
  it.each([0, 64, 1 << 20])('needs a memory with a table in it, of which %d zero bytes are none', (bytes) => {
    const memories = [new SharedArrayBuffer(bytes), new ArrayBuffer(bytes)];
    for (const memory of memories) {
      for (const kernels of ['auto', 'typescript'] as const) {
        expect(() => Dataplane.attach({ memory }, { reader: 1, kernels })).toThrow(
          /^"handle" expected memory with a match table, but /,
        );
      }
    }
  });

  it('needs a table where the memory says that it is', () => {
    const { memory } = Dataplane.load(image, { kernels: 'typescript' }).share();
    const words = new Uint32Array(memory as SharedArrayBuffer);
    const control = CONTROL_AT / 4 + CONTROL_IMAGE;
    const imageAt = words[control] as number;
    const attach = () => Dataplane.attach({ memory }, { reader: 1 });
    attach();
    for (const bytes of [0, imageAt - 64, imageAt + 2, imageAt + 64, 4 * words.length, 0xfffffffc]) {
      words[control] = bytes;
      expect(attach, `byte ${bytes}`).toThrow('"handle" expected memory with a match table');
    }
    words[control] = imageAt;
    words[imageAt / 4 + HEADER_VERSION] = 2;
    expect(attach).toThrow(
      '"handle" expected memory with a match table, but it has version 2, this release reads',
    );
    words[imageAt / 4 + HEADER_VERSION] = MATCH_TABLE_VERSION;
    words[imageAt / 4 + HEADER_TOTAL_WORDS] = words.length;
    expect(attach).toThrow('"handle" expected memory with a match table, but a part of it is not there');
  });

  it('needs the number of a reader', () => {
    const handle = Dataplane.load(image).share();
    for (const reader of [0, 64, 1.5, -1]) {
      expect(() => Dataplane.attach(handle, { reader })).toThrow(
        `"reader" expected an integer 1..63, got ${reader}`,
      );
    }
  });
});
