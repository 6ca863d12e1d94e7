import type { KubernetesObject } from '@shunt/model';
import * as fc from 'fast-check';
import { ENDPOINT_ADDRESSES, POD_NAMES, SERVICE_CIDRS, SERVICE_NAMES } from '../universe.js';
import { clusters } from './clusters.js';
import { handMadeEndpoints } from './hand-made-endpoints.js';
import { pods } from './pods.js';
import { workerNodes } from './worker-nodes.js';
import { writtenServices } from './written-services.js';

/**
 * Objects of every kind that is read, right but for up to four parts that are something else: null, another type,
 * another text, an odd number, left out. What takes objects from anywhere must take these.
 */
export function brokenObjects(): fc.Arbitrary<unknown> {
  return fc
    .record({ object: rightObjects, breaks: fc.array(breaks, { maxLength: 4 }) })
    .map(({ object, breaks: list }) => list.reduce<unknown>(broken, object));
}

const workloads: fc.Arbitrary<KubernetesObject> = fc
  .record({ pod: pods(), kind: fc.constantFrom('Deployment', 'ReplicaSet') })
  .map(
    ({ pod: { metadata, spec }, kind }) =>
      ({
        apiVersion: 'apps/v1',
        kind,
        metadata: { name: metadata.name, namespace: metadata.namespace },
        spec: {
          selector: { matchLabels: metadata.labels },
          template: { metadata: { labels: metadata.labels }, spec },
        },
      }) as KubernetesObject,
  );

const serviceCIDRs = fc.subarray(Object.values(SERVICE_CIDRS), { minLength: 1 }).map((cidrs) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { name: 'more' },
  spec: { cidrs },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
}));

const ipAddresses = fc
  .record({
    address: fc.constantFrom(...ENDPOINT_ADDRESSES.IPv4),
    name: fc.constantFrom(...SERVICE_NAMES, ...POD_NAMES),
  })
  .map(({ address, name }) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'IPAddress',
    metadata: { name: address },
    spec: { parentRef: { group: '', resource: 'services', namespace: 'ns1', name } },
  }));

const rightObjects: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: writtenServices() },
  { weight: 2, arbitrary: pods() },
  { weight: 2, arbitrary: handMadeEndpoints() },
  // Services and slices as a cluster has them, with addresses.
  {
    weight: 3,
    arbitrary: clusters().chain((cluster) => fc.constantFrom(...cluster)) as fc.Arbitrary<unknown>,
  },
  workerNodes(),
  workloads,
  serviceCIDRs,
  ipAddresses,
);

/** One break: `at` chooses among the parts that are there, from the whole object down. */
interface Break {
  readonly at: number;
  readonly to: unknown;
}

/** Stands for leaving a part out. */
const NOTHING = Symbol('nothing');

const TEXTS = ['', 'None', 'a/b', '::1', '10.0.0.1', '0', '-', ' ', '__proto__', 'default', 'Local', '%'];
const NUMBERS = [0, -1, 1, 80, 65536, 30080, 1.5, 2 ** 31, 1e300];
const breaks: fc.Arbitrary<Break> = fc.record({
  at: fc.nat({ max: 200 }),
  to: fc.oneof(
    fc.constantFrom<unknown[]>(null, NOTHING, [], {}, [null], { '': null }, true, false),
    fc.constantFrom<unknown[]>(...TEXTS, ...NUMBERS),
    fc.jsonValue({ maxDepth: 2 }),
  ),
});

function broken(object: unknown, { at, to }: Break): unknown {
  const parts = partsOf(object, []);
  const path = parts[at % parts.length] ?? [];
  return replaced(object, path, to);
}

type Path = readonly string[];

/** The paths of all parts of a value that are not the whole. */
function partsOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const here = [...path, key];
    return [here, ...partsOf(part, here)];
  });
}

function replaced(value: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to === NOTHING ? null : to;
  if (Array.isArray(value)) {
    const index = Number(key);
    const item = rest.length === 0 ? to : replaced(value[index], rest, to);
    return item === NOTHING ? value.toSpliced(index, 1) : value.with(index, item);
  }
  const entries = Object.entries(value as object);
  return Object.fromEntries(
    entries.flatMap(([name, part]): [string, unknown][] => {
      if (name !== key) return [[name, part]];
      const next = rest.length === 0 ? to : replaced(part, rest, to);
      return next === NOTHING ? [] : [[name, next]];
    }),
  );
}
