/** Cluster IPs that come and go: what that writes, and who finds them. */
import { changeBetween, type Ruleset, type ServicePort, TableWriter } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  type Address,
  HEADER_ROOT,
  HEADER_TOTAL_WORDS,
  type Packet,
  ROOT_NUMBER,
  ROOT_NUMBER_MAX,
  SET_ENTRY4_FLAGS,
  SET_ENTRY4_WORDS,
  structureCount,
  structureOffset,
  tablePatchSummary,
  validateMatchTable,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { sealed } from './changed-image.js';
import { poolOf, rulesetWith, servicePortWith } from './small-ruleset.js';

const FIRST = 0x0a600000;

function servicePort(index: number): ServicePort {
  return servicePortWith({
    name: `svc-${index}`,
    clusterPool: poolOf(1, [0]),
    frontends: [
      {
        kind: 'clusterIP',
        address: FIRST + index,
        port: 80,
        sourceRanges: null,
        actions: {
          pod: { verdict: 'forward', pool: 'cluster', masquerade: 'never' },
          node: { verdict: 'forward', pool: 'cluster', masquerade: 'never' },
          outside: { verdict: 'forward', pool: 'cluster', masquerade: 'never' },
        },
      },
    ],
  });
}

/** The Services of some numbers. */
function rulesOf(numbers: readonly number[]): Ruleset {
  const inOrder = [...numbers].sort((a, b) => a - b);
  const servicePorts = inOrder.map(servicePort);
  return {
    ...rulesetWith(...servicePorts),
    mode: 'nftables',
    clusterIPs: inOrder.map((index): Address => FIRST + index),
  };
}

const upTo = (count: number): number[] => [...new Array(count).keys()];

/** To the Service's port, and to one that it does not have. */
function packetsTo(index: number): [Packet, Packet] {
  const packet = {
    protocol: 'TCP',
    source: 0xc0000201,
    sourcePort: 4_000,
    destination: FIRST + index,
  } as const;
  return [
    { ...packet, destinationPort: 80 },
    { ...packet, destinationPort: 81 },
  ];
}

function verdictsOf(dataplane: Dataplane, index: number): string {
  return packetsTo(index)
    .map((packet) => dataplane.lookup(packet).verdict)
    .join(' ');
}

const rootNumber = (image: Uint32Array): number =>
  image[(image[HEADER_ROOT] as number) + ROOT_NUMBER] as number;

function imageOf({ image }: Dataplane): Uint32Array {
  return image.slice(0, image[HEADER_TOTAL_WORDS]);
}

/** With another number of its root. */
function renumbered(image: Uint32Array, number: number): Uint32Array {
  image[(image[HEADER_ROOT] as number) + ROOT_NUMBER] = number;
  return sealed(image);
}

describe.each(['webassembly', 'typescript'] as const)('a cluster IP that comes, by %s kernels', (kernels) => {
  it('writes as much whatever the size of the table', () => {
    const words = [20, 200, 2_000].map((services) => {
      const before = rulesOf(upTo(services));
      const writer = TableWriter.create(before, { capacityWords: 1 << 12 });
      const dataplane = Dataplane.load(writer.table().image, { kernels });
      expect(verdictsOf(dataplane, services)).toBe('none none');
      const patch = writer.update(changeBetween(before, rulesOf(upTo(services + 1))));
      dataplane.apply(patch);
      expect(verdictsOf(dataplane, services)).toBe('dnat reject');
      return tablePatchSummary(patch).wordsWritten;
    });
    expect(new Set(words).size).toBe(1);
    expect(words[0]).toBeLessThan(100);
  });

  it('is found behind the last number that a root can have', () => {
    const before = rulesOf(upTo(5));
    const { image } = TableWriter.create(before, { capacityWords: 1 << 12 }).table();
    renumbered(image, ROOT_NUMBER_MAX - 1);
    const writer = TableWriter.load(image, before);
    const dataplane = Dataplane.load(image, { kernels });
    let held = before;
    const numbers: number[] = [];
    for (let index = 5; index < 8; index++) {
      const next = rulesOf(upTo(index + 1));
      dataplane.apply(writer.update(changeBetween(held, next)));
      held = next;
      numbers.push(rootNumber(dataplane.image));
      expect(validateMatchTable(dataplane.image)).toEqual([]);
      for (const each of upTo(index + 1)) expect(verdictsOf(dataplane, each)).toBe('dnat reject');
    }
    expect(numbers).toEqual([ROOT_NUMBER_MAX, 1, 2]);
  });
});

describe('the set of cluster IPs', () => {
  it('stays where it is while its room is used again, and a search in it ends', () => {
    let writer = TableWriter.create(rulesOf(upTo(60)), { capacityWords: 1 << 14 });
    const dataplane = Dataplane.load(writer.table().image);
    let held = rulesOf(upTo(60));
    const places = new Set<number>();
    const change = (numbers: readonly number[]): void => {
      const next = rulesOf(numbers);
      dataplane.apply(writer.update(changeBetween(held, next)));
      held = next;
      places.add(structureOffset(dataplane.image, 'clusterIPs4'));
    };
    for (let round = 0; round < 600; round++) {
      const other = 60 + ((round * 7) % 40);
      change([...upTo(59), other]);
      expect(verdictsOf(dataplane, other)).toBe('dnat reject');
      change(upTo(59));
      expect(verdictsOf(dataplane, other)).toBe('none none');
      // What is taken up by addresses that are gone is known to who loads the table, too.
      if (round % 4 === 3) writer = TableWriter.load(imageOf(dataplane), held);
    }
    expect(places.size).toBeLessThan(20);
  });

  it('is not that of the rules where an address comes with a later root', () => {
    const rules = rulesOf(upTo(5));
    const { image } = TableWriter.create(rules).table();
    const set = structureOffset(image, 'clusterIPs4');
    const entry = upTo(structureCount(image, 'clusterIPs4')).find(
      (it) => image[set + it * SET_ENTRY4_WORDS + SET_ENTRY4_FLAGS] !== 0,
    ) as number;
    image[set + entry * SET_ENTRY4_WORDS + SET_ENTRY4_FLAGS] = 2;
    expect(() => TableWriter.load(sealed(image.slice()), rules)).toThrow('cluster IPs differ');
    expect(TableWriter.load(renumbered(image, 2), rules).generation).toBe(0);
    expect(validateMatchTable(renumbered(image, 0))).toEqual(['the root has number 0']);
  });

  it('is not that of the rules where one address is there twice, and another one not', () => {
    const rules = rulesOf(upTo(5));
    const { image } = TableWriter.create(rules).table();
    const set = structureOffset(image, 'clusterIPs4');
    const [one, other] = upTo(structureCount(image, 'clusterIPs4'))
      .map((entry) => set + entry * SET_ENTRY4_WORDS)
      .filter((at) => image[at + SET_ENTRY4_FLAGS] !== 0) as [number, number];
    image[other] = image[one] as number;
    expect(() => TableWriter.load(sealed(image), rules)).toThrow('cluster IPs differ');
  });
});

describe.each(['webassembly', 'typescript'] as const)(
  'a set of cluster IPs without an end, by %s kernels',
  (kernels) => {
    it('is looked through once', () => {
      const rules = rulesOf(upTo(5));
      const dataplane = Dataplane.load(TableWriter.create(rules).table().image, { kernels });
      // As a patch may leave it that was made by somebody else.
      const set = structureOffset(dataplane.image, 'clusterIPs4');
      for (let entry = 0; entry < structureCount(dataplane.image, 'clusterIPs4'); entry++) {
        dataplane.image.set([0x0b000000 + entry, 1], set + entry * SET_ENTRY4_WORDS);
      }
      expect(verdictsOf(dataplane, 9)).toBe('none none');
    });
  },
);
