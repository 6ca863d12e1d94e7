/** A table over thousands of changes: its memory, its numbers, and how much each change writes. */
import {
  type CompileInput,
  Compiler,
  defaultConfig,
  nodeView,
  type RulesetUpdate,
  TableWriter,
} from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  address,
  ClusterState,
  type KubernetesObject,
  readPatchPlan,
  SERVICE_PORT_NUMBER,
  tablePatchSummary,
  validateMatchTable,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { PatchedTable, tableText } from './patched-table.js';

const NODE = nodeView('node-a', [address('192.168.0.2')], null);

function service(
  index: number,
  spec: object = {},
  annotations: Record<string, string> = {},
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'ns', name: `svc-${index}`, annotations },
    spec: {
      clusterIP: `10.96.${index >> 8}.${index & 255}`,
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      ...spec,
    },
  } as KubernetesObject;
}

function slice(index: number, endpoints: readonly number[]): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'ns',
      name: `svc-${index}`,
      labels: { 'kubernetes.io/service-name': `svc-${index}` },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: endpoints.map((host) => ({ addresses: [`10.${index & 255}.${host >> 8}.${host & 255}`] })),
  } as KubernetesObject;
}

/** A cluster that is changed, and the table that follows. */
class World {
  readonly state = new ClusterState();
  readonly compiler: Compiler;
  readonly table: PatchedTable;

  constructor(objects: readonly KubernetesObject[]) {
    for (const object of objects) this.state.upsert(object);
    const input: CompileInput = { state: this.state, node: NODE, config: defaultConfig('nftables') };
    this.compiler = new Compiler(input);
    this.table = new PatchedTable(this.compiler.ruleset);
  }

  put(...objects: readonly KubernetesObject[]): RulesetUpdate {
    return this.compiler.update(objects.map((object) => this.state.upsert(object)));
  }

  remove(...objects: readonly KubernetesObject[]): RulesetUpdate {
    return this.compiler.update(
      objects.flatMap(({ kind, metadata }) => this.state.delete({ kind, ...metadata }) ?? []),
    );
  }

  get problem(): string | null {
    return this.table.problem(this.compiler.ruleset, []);
  }
}

/** Numbers below a bound, the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const upTo = (count: number): number[] => [...new Array(count).keys()];

describe('over 10,000 changes', () => {
  it('a table takes no more memory than at its largest, and gaps are few', () => {
    const next = seeded(1);
    const services = 60;
    const objects = upTo(services).flatMap((i) => [
      i % 3 === 0 ? service(i, {}, { 'shunt.dev/balance': 'maglev' }) : service(i),
      slice(i, upTo(5 + (i % 20))),
    ]);
    const world = new World(objects);
    const heapWords: number[] = [];
    let mostUsed = 0;
    for (let change = 0; change < 10_000; change++) {
      const index = next(services);
      const kind = next(20);
      if (kind === 0) world.table.update(world.remove(service(index), slice(index, [])));
      else if (kind === 1) world.table.update(world.put(service(index), slice(index, upTo(next(30)))));
      else {
        const first = next(6);
        world.table.update(
          world.put(
            slice(
              index,
              upTo(4 + next(20)).map((host) => first + host),
            ),
          ),
        );
      }
      const memory = world.table.writer.memory;
      mostUsed = Math.max(mostUsed, memory.heapWords - memory.freeWords);
      if (change % 1_000 === 999) {
        heapWords.push(memory.heapWords);
        expect(world.problem).toBe(null);
      }
    }
    // Memory follows the most that was in use, not the changes: gaps are a small part of it.
    expect(heapWords.at(-1), heapWords.join(' ')).toBeLessThan(1.1 * (heapWords[1] as number));
    expect(heapWords.at(-1), `${mostUsed} were used`).toBeLessThan(1.2 * mostUsed);
  });

  it('one service of many endpoints stays where it is', () => {
    const next = seeded(7);
    const hosts = new Set(upTo(300));
    const world = new World([service(0, {}, { 'shunt.dev/balance': 'maglev' }), slice(0, [...hosts])]);
    const largest: number[] = [];
    for (let change = 0; change < 2_000; change++) {
      const host = next(340);
      if (!hosts.delete(host)) hosts.add(host);
      const update = world.put(
        slice(
          0,
          [...hosts].sort((a, b) => a - b),
        ),
      );
      const patch = world.table.update(update);
      const { wordsWritten, slotsMoved } = tablePatchSummary(patch);
      // Beyond slots that move, and those that share a word with them, there is one backend to write.
      if (change > 10 && wordsWritten > 2 + slotsMoved) largest.push(wordsWritten);
      if (change % 100 === 0) expect(world.problem).toBe(null);
    }
    // Seldom there is no place left, and the pool goes elsewhere.
    expect(largest.length).toBeLessThan(40);
  });
});

describe('a table that grows and shrinks', () => {
  it('has all services at every size, and their numbers', () => {
    const world = new World([service(0), slice(0, [1])]);
    const numberOf = (index: number): number | undefined =>
      world.table.writer.directory.servicePorts.get(`IPv4 ns/svc-${index}:http TCP`)?.number;
    for (let index = 1; index < 700; index += 7) {
      const added = upTo(7).flatMap((i) => [service(index + i), slice(index + i, [1, 2])]);
      world.table.update(world.put(...added));
      if (index % 10 === 1) expect(world.problem).toBe(null);
    }
    const numbers = upTo(700).map(numberOf);
    expect(new Set(numbers).size).toBe(700);
    for (let index = 1; index <= 700; index++) {
      world.table.update(world.remove(service(index), slice(index, [])));
      if (index % 50 === 1) expect(world.problem).toBe(null);
    }
    expect(numberOf(0)).toBe(numbers[0]);
    expect(world.table.writer.directory.frontends.size).toBe(1);
    const { heapWords, freeWords } = world.table.writer.memory;
    expect(heapWords - freeWords).toBeLessThan(700);
  });

  it('is made anew without gaps, with the same numbers', () => {
    const world = new World(upTo(50).flatMap((index) => [service(index), slice(index, upTo(9))]));
    for (const index of upTo(50)) if (index % 5 > 0) world.table.update(world.remove(service(index)));
    const { writer } = world.table;
    const numbers = [...writer.directory.servicePorts].map(([key, { number }]) => `${key} ${number}`);
    const { heapWords } = writer.memory;
    const compacted = writer.compact({ capacityWords: 4_096 });
    expect([...writer.directory.servicePorts].map(([key, { number }]) => `${key} ${number}`)).toEqual(
      numbers,
    );
    expect(writer.memory.freeWords).toBeLessThan(16);
    expect(writer.memory.heapWords).toBeLessThan(heapWords / 2);
    expect(validateMatchTable(compacted.image)).toEqual([]);
    const patch = writer.update(world.put(slice(0, upTo(20))));
    expect(() => world.table.dataplane.apply(patch)).toThrow('generation');
    const fresh = Dataplane.load(compacted.image);
    fresh.apply(patch);
    expect(tableText({ image: fresh.image, directory: writer.directory })).toContain('10.0.0.19:8080');
  });
});

it('a writer goes on with a table that it has loaded', () => {
  const world = new World([
    service(0, {}, { 'shunt.dev/balance': 'maglev' }),
    slice(0, upTo(40)),
    service(1, { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_000 }),
    slice(1, upTo(3)),
  ]);
  const hosts = new Set(upTo(40));
  const next = seeded(3);
  for (let change = 0; change < 300; change++) {
    const host = next(44);
    if (!hosts.delete(host)) hosts.add(host);
    const before = world.compiler.ruleset;
    const update = world.put(
      slice(
        0,
        [...hosts].sort((a, b) => a - b),
      ),
    );
    // Each change by a writer that knows no more than the image.
    const writer = TableWriter.load(world.table.image, before);
    world.table.update(update);
    const { image } = writer.table();
    const dataplane = Dataplane.load(image);
    dataplane.apply(writer.update(update));
    expect(tableText(writer.table())).toBe(tableText(world.table.writer.table()));
    expect(validateMatchTable(writer.table().image)).toEqual([]);
  }
});

describe('numbers of service ports', () => {
  it('are told when they are given up, and when another service port has them', () => {
    const world = new World([service(0), service(1), service(2)]);
    const retired = readPatchPlan(world.table.update(world.remove(service(1))));
    expect(retired).toMatchObject({ retired: [2], reset: [] });
    // Not at once: a reader may still count for it.
    expect(readPatchPlan(world.table.update(world.put(service(3)))).reset).toEqual([]);
    expect(readPatchPlan(world.table.update(world.put(service(4)))).reset).toEqual([2]);
    const { image, writer } = world.table;
    for (const { offset, number } of writer.directory.servicePorts.values()) {
      expect(image[offset + SERVICE_PORT_NUMBER]).toBe(number);
    }
  });
});
