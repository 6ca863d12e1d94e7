/** Random lives of a few Services in a small cluster, against a plain record of who holds what. */
import { formatReference, namespaceOf, type Service, type ServiceSpec } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClusterIps } from '../allocation/cluster-ips.js';
import { PortRange } from '../allocation/port-range.js';
import { seededRandom } from '../random.js';
import { type Admission, ServiceRegistry } from './service-registry.js';

const NAMES = ['a', 'b', 'c', 'd'] as const;

/** What the Services that there are say they have. */
type Model = Map<string, Service>;

class Cluster {
  readonly clusterIPs = new ClusterIps();
  readonly nodePorts = new PortRange(30000, 30007);
  readonly registry = new ServiceRegistry(this);
  readonly random = seededRandom(9, 'model');

  constructor() {
    this.clusterIPs.addCidr('10.0.0.0/29');
    this.clusterIPs.addCidr('fd00::/125');
  }

  /** Everything that a change could change. */
  state(): unknown {
    return {
      ips: this.clusterIPs
        .held()
        .map(([ip, owner]) => `${ip} ${owner}`)
        .sort(),
      ports: [...this.nodePorts.held()].map(([port, owner]) => `${port} ${owner}`).sort(),
      free: [...this.clusterIPs.ranges.map(({ free }) => free), this.nodePorts.free],
    };
  }
}

function heldBy(services: Iterable<Service>): { readonly ips: string[]; readonly ports: string[] } {
  const [ips, ports] = [new Set<string>(), new Set<string>()];
  for (const service of services) {
    const { name } = service.metadata;
    const owner = formatReference({ kind: 'Service', namespace: namespaceOf(service), name });
    const { type, clusterIPs = [], ports: named = [], healthCheckNodePort } = service.spec;
    for (const ip of clusterIPs) if (ip !== 'None') ips.add(`${ip} ${owner}`);
    // An ExternalName may name node ports, but gets none.
    const numbers =
      type === 'ExternalName' ? [] : [...named.map(({ nodePort }) => nodePort), healthCheckNodePort];
    for (const port of numbers) if (port) ports.add(`${port} ${owner}`);
  }
  return { ips: [...ips].sort(), ports: [...ports].sort() };
}

function checkEverything(model: Model, cluster: Cluster): void {
  const { ips, ports } = heldBy(model.values());
  const v4 = ips.filter((it) => !it.includes(':')).length;
  const free = [6n - BigInt(v4), 7n - BigInt(ips.length - v4), 8 - ports.length];
  // Equal to a set of numbers with one owner each: nothing is held twice, nothing is lost.
  expect(cluster.state()).toEqual({ ips, ports, free });
}

function serviceOf(name: string, spec: ServiceSpec): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec };
}

type Command = fc.Command<Model, Cluster>;

function submit(name: string, spec: ServiceSpec, isDryRun: boolean): Command {
  return {
    check: () => true,
    run(model, cluster) {
      const before = cluster.state();
      const stored = model.get(name);
      const { registry, random } = cluster;
      const options = { dryRun: isDryRun };
      const admission: Admission =
        stored === undefined
          ? registry.create(serviceOf(name, spec), random, options)
          : registry.update(serviceOf(name, spec), stored, random, options);
      if (admission.service === null || isDryRun) expect(cluster.state()).toEqual(before);
      else model.set(name, admission.service);
      if (admission.service !== null && !isDryRun) checkChanges(admission, stored);
      checkEverything(model, cluster);
    },
    toString: () => `submit(${name}, ${JSON.stringify(spec)}${isDryRun ? ', dry run' : ''})`,
  };
}

/** What is said to have been taken and given back is the difference of what was and is held. */
function checkChanges({ service, changes }: Admission, stored: Service | undefined): void {
  const numbers = (it: Service | null | undefined): { ips: string[]; ports: string[] } => {
    const { ips, ports } = heldBy(it ? [it] : []);
    return {
      ips: ips.map((text) => text.split(' ')[0] ?? ''),
      ports: ports.map((text) => text.split(' ')[0] ?? ''),
    };
  };
  const [was, is] = [numbers(stored), numbers(service)];
  const without = (a: readonly string[], b: readonly string[]): string[] => a.filter((it) => !b.includes(it));
  expect([...changes.allocatedIPs].sort()).toEqual(without(is.ips, was.ips));
  expect([...changes.releasedIPs].sort()).toEqual(without(was.ips, is.ips));
  expect(changes.allocatedPorts.map(String).sort()).toEqual(without(is.ports, was.ports));
  expect(changes.releasedPorts.map(String).sort()).toEqual(without(was.ports, is.ports));
}

function remove(name: string): Command {
  return {
    check: (model) => model.has(name),
    run(model, cluster) {
      const stored = model.get(name);
      if (stored !== undefined) cluster.registry.release(stored);
      model.delete(name);
      checkEverything(model, cluster);
    },
    toString: () => `remove(${name})`,
  };
}

const ip = fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1', 'fd00::2', '10.9.0.1', 'None');
const port = fc.record(
  {
    name: fc.constantFrom('x', 'y'),
    port: fc.constantFrom(80, 81),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
    nodePort: fc.constantFrom(0, 30000, 30001, 30002, 80),
  },
  { requiredKeys: ['name', 'port'] },
);
const spec: fc.Arbitrary<ServiceSpec> = fc
  .record(
    {
      type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
      clusterIP: ip,
      clusterIPs: fc.array(ip, { maxLength: 2 }),
      ipFamilies: fc.uniqueArray(fc.constantFrom('IPv4', 'IPv6'), { maxLength: 2 }),
      ipFamilyPolicy: fc.constantFrom('SingleStack', 'PreferDualStack', 'RequireDualStack'),
      ports: fc.array(port, { minLength: 1, maxLength: 3 }),
      selector: fc.constant({ app: 'a' }),
      externalName: fc.constant('db.example.com'),
      externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
      allocateLoadBalancerNodePorts: fc.boolean(),
      healthCheckNodePort: fc.constantFrom(0, 30003, 30001),
    } satisfies { readonly [Key in keyof ServiceSpec]?: unknown },
    { requiredKeys: ['type', 'ports', 'externalName'] },
  )
  .map((it) => it as ServiceSpec);

// Requests as people write them: random fields are refused too often to get far.
const sensible: fc.Arbitrary<ServiceSpec> = fc
  .record({
    type: fc.constantFrom(
      'ClusterIP' as const,
      'NodePort' as const,
      'LoadBalancer' as const,
      'ExternalName' as const,
    ),
    isLocal: fc.boolean(),
    policy: fc.constantFrom(undefined, 'SingleStack' as const, 'PreferDualStack' as const),
    nodePort: fc.constantFrom(0, 30000, 30001),
    isDns: fc.boolean(),
  })
  .map(({ type, isLocal, policy, nodePort, isDns }) => {
    const isExternal = type === 'NodePort' || type === 'LoadBalancer';
    const first = { name: 'x', port: 53, ...(isExternal && nodePort > 0 ? { nodePort } : {}) };
    return {
      type,
      ports: isDns ? [first, { name: 'y', port: 53, protocol: 'UDP' }] : [first],
      ...(type === 'ExternalName' ? { externalName: 'db.example.com' } : { selector: { app: 'a' } }),
      ...(policy === undefined || type === 'ExternalName' ? {} : { ipFamilyPolicy: policy }),
      ...(isExternal ? { externalTrafficPolicy: isLocal ? 'Local' : 'Cluster' } : {}),
    };
  });

const name = fc.constantFrom(...NAMES);
const isDryRun = fc.integer({ min: 0, max: 9 }).map((it) => it === 0);

describe('a cluster whose Services come, change and go', () => {
  it('holds exactly what its Services have, each for one owner, and a refused change changes nothing', () => {
    const commands = fc.commands(
      [
        fc.tuple(name, sensible, isDryRun).map((it) => submit(...it)),
        fc.tuple(name, sensible, isDryRun).map((it) => submit(...it)),
        fc.tuple(name, spec, isDryRun).map((it) => submit(...it)),
        name.map(remove),
      ],
      { maxCommands: 40 },
    );
    fc.assert(
      fc.property(commands, (list) => {
        fc.modelRun(() => ({ model: new Map(), real: new Cluster() }), list);
      }),
      { numRuns: 300 },
    );
  });

  it('admits the same Services with distinct requests in any order', () => {
    const services = [1, 2, 3, 4].map((n) =>
      serviceOf(`s${n}`, {
        type: 'NodePort',
        clusterIP: `10.0.0.${n}`,
        ports: [{ port: 80, nodePort: 30000 + n }],
      }),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(services, { minLength: services.length }), (order) => {
        const cluster = new Cluster();
        const created = order.map((it) => cluster.registry.create(it, cluster.random));
        expect(created.flatMap(({ errors }) => errors)).toEqual([]);
        expect(cluster.clusterIPs.held()).toHaveLength(4);
      }),
    );
  });
});
