import type { ControlPlane } from '@shunt/cluster';
import {
  type EndpointSlice,
  type KubernetesObject,
  MANAGED_BY_LABEL,
  namespaceOf,
  type Pod,
  referenceTo,
  SERVICE_NAME_LABEL,
} from '@shunt/model';
import { handMadeEndpoints, pods, readiness, workerNodes, writtenServices } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  check,
  isMade,
  keyOf,
  MAX_ENDPOINTS,
  options,
  type World,
  wantsTopology,
} from './expected-endpoints.js';
import { command, type PlaneCommand, planeOver } from './planes.js';

const namespaces = ['ns1'];
const names = ['svc1', 'svc2', 'svc3'];
const podNames = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
type Command = PlaneCommand<World>;

/** How somebody writes: through the API server, or straight into the state as a watch does. */
const ways = fc.constantFrom('applies', 'upserts');

function put(world: World, plane: ControlPlane, object: KubernetesObject, way: string): void {
  if (way === 'upserts') plane.state.upsert(object);
  else expect(plane.apply(object).object).not.toBeNull();
  world.set(keyOf(object), object);
}

function remove(world: World, plane: ControlPlane, object: KubernetesObject, way: string): void {
  if (way === 'upserts') plane.state.delete(referenceTo(object));
  else plane.delete(referenceTo(object));
  world.delete(keyOf(object));
}

function choose<T>(items: readonly T[], at: number): T | undefined {
  return items[at % Math.max(1, items.length)];
}

const puts: fc.Arbitrary<Command> = fc
  .record({
    object: fc.oneof(
      { weight: 5, arbitrary: pods({ names: podNames, namespaces }) },
      { weight: 2, arbitrary: workerNodes() },
      { weight: 2, arbitrary: handMadeEndpoints({ names, namespaces }) },
    ) as fc.Arbitrary<KubernetesObject>,
    way: ways,
  })
  .map(({ object, way }) =>
    command(`${way} ${JSON.stringify(object)}`, (world, plane) => put(world, plane, object, way)),
  );

const serviceWrites: fc.Arbitrary<Command> = writtenServices({ names, namespaces, asks: false }).map(
  (service) =>
    command(`applies ${JSON.stringify(service)}`, (_, plane) => {
      // A change that is refused is as good as any: nothing may come of it.
      plane.apply(service);
    }),
);

const deletions: fc.Arbitrary<Command> = fc
  .record({
    kind: fc.constantFrom('Service', 'Pod', 'Pod', 'Node', 'Endpoints', 'EndpointSlice'),
    at: fc.nat({ max: 20 }),
    way: ways,
  })
  .map(({ kind, at, way }) =>
    command(`${way === 'applies' ? 'deletes' : 'drops'} ${kind} ${at}`, (world, plane) => {
      const object = choose(plane.state.list(kind), at);
      if (object !== undefined) remove(world, plane, object, way);
    }),
  );

/** A Pod becomes in part like another one. */
const podChanges: fc.Arbitrary<Command> = fc
  .record({
    part: fc.constantFrom('metadata', 'spec', 'status'),
    other: pods({ namespaces }),
    at: fc.nat({ max: 20 }),
    way: ways,
  })
  .map(({ part, other, at, way }) =>
    command(`${way} ${part} of Pod ${at}: ${JSON.stringify(other)}`, (world, plane) => {
      const pod = choose(plane.state.list('Pod'), at);
      if (pod === undefined) return;
      const { name, uid } = pod.metadata;
      const metadata = { ...other.metadata, name, ...(uid === undefined ? {} : { uid }) };
      const parts = { metadata, spec: other.spec, status: other.status };
      put(world, plane, { ...pod, [part]: parts[part as 'spec'] } as Pod, way);
    }),
  );

const damages = fc.constantFrom<((slice: EndpointSlice) => EndpointSlice)[]>(
  (slice) => ({ ...slice, endpoints: [] }),
  (slice) => ({ ...slice, endpoints: null }),
  (slice) => ({ ...slice, ports: [] }),
  (slice) => ({ ...slice, endpoints: (slice.endpoints ?? []).slice(1) }),
  (slice) => ({ ...slice, endpoints: [...(slice.endpoints ?? []), { addresses: ['192.0.2.99'] }] }),
  (slice) => ({ ...slice, endpoints: [...(slice.endpoints ?? []), ...(slice.endpoints ?? [])] }),
  (slice) => ({ ...slice, endpoints: slice.endpoints?.map((it) => ({ ...it, conditions: {} })) ?? [] }),
  (slice) => ({ ...slice, endpoints: slice.endpoints?.map((it) => ({ ...it, zone: 'elsewhere' })) ?? [] }),
  (slice) => ({ ...slice, metadata: { ...slice.metadata, ownerReferences: [] } }),
  (slice) => ({ ...slice, metadata: { ...slice.metadata, labels: { ...slice.metadata.labels, x: 'y' } } }),
  (slice) => ({ ...slice, metadata: { ...slice.metadata, labels: {} } }),
  (slice) => labelled(slice, MANAGED_BY_LABEL, 'somebody'),
  (slice) => (isMade(slice) ? labelled(slice, SERVICE_NAME_LABEL, 'svc1') : slice),
  (slice) => ({ ...slice, addressType: slice.addressType === 'IPv4' ? 'IPv6' : 'IPv4' }),
);

function labelled(slice: EndpointSlice, label: string, value: string): EndpointSlice {
  return { ...slice, metadata: { ...slice.metadata, labels: { ...slice.metadata.labels, [label]: value } } };
}

const sliceDamages: fc.Arbitrary<Command> = fc
  .record({ damage: damages, at: fc.nat({ max: 20 }), way: ways })
  .map(({ damage, at, way }) =>
    command(`${way} slice ${at} with ${damage}`, (_, plane) => {
      const slice = choose(plane.state.list('EndpointSlice'), at);
      if (slice === undefined) return;
      if (way === 'applies') plane.apply(damage(slice));
      else plane.state.upsert(damage(slice));
    }),
  );

const reconciliations: fc.Arbitrary<Command> = fc.constant(command('reconciles', check));

/** A Pod changes its readiness and nothing else, in a cluster where all is as it should be. */
const flips: fc.Arbitrary<Command> = fc
  .record({ at: fc.nat({ max: 20 }), status: readiness })
  .map(({ at, status }) =>
    command(`flips Pod ${at} to ${status}`, (world, plane) => {
      check(world, plane);
      const pod = choose(plane.state.list('Pod'), at);
      if (pod === undefined) return;
      const flipped = { ...pod, status: { ...pod.status, conditions: [{ type: 'Ready', status }] } };
      put(world, plane, flipped, 'applies');
      const { changes } = check(world, plane);
      const written = changes.flatMap((change) => {
        const object = (change.type === 'deleted' ? change.previous : change.object) as EndpointSlice;
        if (object.kind !== 'EndpointSlice' || hasTopologyMode(plane, object)) return [];
        return [`${object.metadata.labels?.[SERVICE_NAME_LABEL]} ${object.addressType}`];
      });
      expect(written).toEqual([...new Set(written)]);
    }),
  );

// Hints by topology are shared out among all endpoints, so that one that comes may change another's.
function hasTopologyMode({ state }: ControlPlane, slice: EndpointSlice): boolean {
  const service = state.service(namespaceOf(slice), slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? '');
  return service !== undefined && wantsTopology(service);
}

const commands = fc.commands(
  [
    serviceWrites,
    serviceWrites,
    puts,
    puts,
    puts,
    deletions,
    podChanges,
    podChanges,
    sliceDamages,
    reconciliations,
    flips,
  ],
  { maxCommands: 40, size: 'max' },
);

/** What is there before anything happens: enough Pods for several slices, and the Nodes that they run on. */
const beginnings = fc
  .tuple(
    fc.uniqueArray(pods({ names: podNames, namespaces }), {
      minLength: 6,
      maxLength: podNames.length,
      selector: ({ metadata }) => metadata.name,
    }),
    workerNodes({ names: ['node-a'] }),
    workerNodes({ names: ['node-b'] }),
  )
  .map(([list, ...nodes]): KubernetesObject[] => [...nodes, ...list]);

describe('endpoints that are kept up with changes', () => {
  it('are those that are made from nothing, with no write that is not needed', () => {
    const seen = { full: 0, mirrored: 0 };
    fc.assert(
      fc.property(beginnings, commands, (objects, list) => {
        const real = planeOver(objects, options);
        const model = new Map(objects.map((object) => [keyOf(object), object]));
        fc.modelRun(() => ({ model, real }), [...list, command('reconciles', check)]);
        const slices = real.state.list('EndpointSlice');
        seen.full += Number(
          slices.some((slice) => isMade(slice) && slice.endpoints?.length === MAX_ENDPOINTS),
        );
        seen.mirrored += Number(slices.some((slice) => !isMade(slice)));
      }),
      { numRuns: 300 },
    );
    // Or the sequences would say little.
    expect(seen.full).toBeGreaterThan(30);
    expect(seen.mirrored).toBeGreaterThan(30);
  });
});
