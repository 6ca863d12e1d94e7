import {
  blockWords,
  type Family,
  HEADER_CHECKSUM,
  HEADER_HEAP_END,
  HEADER_ROOT,
  HEAP_START,
  LINE_CLUSTER_POOL,
  LINE_WORDS,
  lineOffset,
  matchTableChecksum,
  POOL_BACKEND,
  ROOT_WORDS,
  STRUCTURES,
  structureCount,
  structureOffset,
  validateMatchTable,
} from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pool, Ruleset, ServicePort } from '../../ruleset/types.js';
import { emitTable } from './emit-table.js';
import { insertLine, removeLine } from './frontend-index.js';
import { hashStructureOf } from './hash-structure.js';
import type { Block, Heap } from './heap.js';
import { heapOf } from './heap-of.js';
import { servicePortBlocks, type WrittenServicePort, writeServicePort } from './service-port.js';
import { tableBlocks } from './table-blocks.js';

/** How large the parts of a service port are. */
interface Shape {
  readonly family: Family;
  readonly backends: number;
  readonly slots: number;
  readonly localBackends: number;
  readonly frontends: number;
  readonly ranges: number;
}

const shapes = fc.record<Shape>({
  family: fc.constantFrom('IPv4', 'IPv6'),
  backends: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 11, max: 70 })),
  slots: fc.nat(300),
  localBackends: fc.nat(3),
  frontends: fc.integer({ min: 1, max: 4 }),
  ranges: fc.nat(3),
});

function poolOf(family: Family, count: number, slotCount: number): Pool | null {
  if (count === 0) return null;
  const backends = Array.from({ length: count }, (_, i) => {
    return { address: family === 'IPv4' ? 0x0a000000 + i : BigInt(i), port: 80, local: false, weight: 1 };
  });
  // As many as there are backends, and one, make that slot i is not backend i.
  const slots = Array.from({ length: count + slotCount }, (_, i) => (i * 7) % count);
  slots[0] = count - 1;
  return { backends, slots, strategy: 'maglev' };
}

function servicePortOf({ family, ...shape }: Shape, number: number): ServicePort {
  const forward = { verdict: 'forward', pool: 'cluster', masquerade: 'never' } as const;
  const isIPv4 = family === 'IPv4';
  const ranges = Array.from({ length: shape.ranges }, (_, i) =>
    isIPv4 ? { base: i << 16, prefix: 24 } : { base: BigInt(i) << 64n, prefix: 80 },
  );
  return {
    namespace: 'shop',
    name: `service-${number}`,
    portName: '',
    protocol: 'TCP',
    family,
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    affinitySeconds: null,
    healthCheckNodePort: null,
    hasEndpoints: true,
    clusterPool: poolOf(family, shape.backends, shape.slots),
    localPool: poolOf(family, shape.localBackends, 0),
    servingEndpoints: [],
    frontends: Array.from({ length: shape.frontends }, (_, i) => ({
      kind: 'loadBalancerIP',
      address: isIPv4 ? 0xcb000000 + number : BigInt(number),
      port: 80 + i,
      sourceRanges: i === 0 || ranges.length === 0 ? null : ranges,
      actions: { pod: forward, node: forward, outside: forward },
    })),
  };
}

function rulesetOf(servicePorts: readonly ServicePort[]): Ruleset {
  const nodePorts = { match: 'local', loopback: true, refuse: 'local' } as const;
  return {
    mode: 'nftables',
    node: 'node-a',
    podCIDRs: [{ base: 0x0a000000, prefix: 8 }],
    localAddresses: [0xc0a80002],
    nodePorts: { IPv4: nodePorts, IPv6: nodePorts },
    clusterIPs: [0x0a600001],
    serviceCIDRs: [],
    servicePorts,
  };
}

function shapeOf(backends: number): Shape {
  return { family: 'IPv4', backends, slots: 100, localBackends: 1, frontends: 2, ranges: 1 };
}

function wordsOf(blocks: Iterable<{ readonly words: number }>): number {
  return [...blocks].reduce((sum, { words }) => sum + words, 0);
}

function heapWords(image: Uint32Array): number {
  return (image[HEADER_HEAP_END] as number) - HEAP_START - LINE_WORDS;
}

function indexName(family: Family): 'frontendIndex4' | 'frontendIndex6' {
  return family === 'IPv4' ? 'frontendIndex4' : 'frontendIndex6';
}

/** Writes one service port more into a table that is there, as a change does. */
function addServicePort(heap: Heap, servicePort: ServicePort, number: number): WrittenServicePort {
  const written = writeServicePort(heap, servicePort, number, 'nftables');
  const index = hashStructureOf(heap.image, indexName(servicePort.family));
  for (const { line } of written.lines) insertLine(index, line, (at, word) => void (heap.image[at] = word));
  return written;
}

function removeServicePort(heap: Heap, written: WrittenServicePort): void {
  const { servicePort, lines } = written;
  const index = hashStructureOf(heap.image, indexName(servicePort.family));
  for (const { line } of lines) removeLine(index, line, (at, word) => void (heap.image[at] = word));
  for (const block of servicePortBlocks(written)) heap.free(block);
}

describe('the heap of an image', () => {
  it('has every block that was written, and no other', () => {
    const property = fc.property(fc.array(shapes, { maxLength: 12 }), (list) => {
      const { image, directory } = emitTable(rulesetOf(list.map(servicePortOf)));
      const blocks = [...tableBlocks(image)].map(([offset, words]): Block => ({ offset, words }));
      const shared: Block[] = STRUCTURES.map(({ name, recordWords }) => {
        const words = structureCount(image, name) * recordWords;
        return { offset: structureOffset(image, name), words: words === 0 ? 0 : blockWords(words) };
      });
      const root = { offset: image[HEADER_ROOT] as number, words: ROOT_WORDS };
      const expected = [...directory.servicePorts.values()].flatMap(servicePortBlocks);
      const byOffset = (a: Block, b: Block): number => a.offset - b.offset;
      expect(blocks.sort(byOffset)).toEqual(
        [...expected, root, ...shared.filter(({ words }) => words > 0)].sort(byOffset),
      );
      expect(heapOf(image).freeWords).toBe(heapWords(image) - wordsOf(blocks));
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('found again from the image is the one that was kept', () => {
    const list = fc.array(shapes, { minLength: 2, maxLength: 8 });
    // No more are added than the smallest index has room for.
    const property = fc.property(list, fc.array(shapes, { maxLength: 2 }), (before, added) => {
      const { image, directory } = emitTable(rulesetOf(before.map(servicePortOf)), {
        capacityWords: 1 << 14,
      });
      const heap = heapOf(image);
      const first = [...directory.servicePorts.values()][0] as WrittenServicePort;
      removeServicePort(heap, first);
      expect(heapOf(image).freeWords).toBe(heap.freeWords);
      const written = added.map((shape, i) => addServicePort(heap, servicePortOf(shape, 100 + i), 100 + i));
      expect(heapOf(image).freeWords).toBe(heap.freeWords);
      image[HEADER_CHECKSUM] = matchTableChecksum(image);
      expect(validateMatchTable(image)).toEqual([]);
      for (const servicePort of written) removeServicePort(heap, servicePort);
      addServicePort(heap, first.servicePort, first.number);
      // What is free at the end may be more: a heap never shrinks.
      expect(wordsOf([...tableBlocks(image)].map(([, words]) => ({ words })))).toBe(
        heapWords(image) - heap.freeWords,
      );
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('gives what was freed before it grows', () => {
    const { image, directory } = emitTable(
      rulesetOf([servicePortOf(shapeOf(20), 0), servicePortOf(shapeOf(30), 1)]),
    );
    const heap = heapOf(image);
    const end = image[HEADER_HEAP_END];
    let [written] = [...directory.servicePorts.values()] as [WrittenServicePort];
    for (let round = 0; round < 5; round++) {
      removeServicePort(heap, written);
      written = addServicePort(heap, written.servicePort, 1);
    }
    expect(image[HEADER_HEAP_END]).toBe(end);
  });

  it('is refused where blocks overlap', () => {
    const { image, directory } = emitTable(rulesetOf([servicePortOf(shapeOf(20), 0)]));
    const [line] = directory.frontends.keys();
    image[lineOffset(line ?? 0) + LINE_CLUSTER_POOL + POOL_BACKEND] = lineOffset(line ?? 0);
    expect(() => heapOf(image)).toThrow('"image" expected blocks side by side');
  });
});
