import type { ControlPlane } from '@shunt/cluster';
import { cidr, type Service } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  demandOf,
  expectHolding,
  holdingOf,
  IPV4,
  isThere,
  type Model,
  manifestOf,
  NO_HOLDING,
  PORTS,
  type Wish,
} from './allocation-model.js';
import { command, dump, faultsOf, holdersOf, type PlaneCommand, planeOver, poolOf } from './planes.js';

const BALANCER_IPS = ['203.0.113.0', '203.0.113.1'];
const NAMES = ['a', 'b', 'c', 'd'];

function smallPlane(): ControlPlane {
  return planeOver([], {
    serviceCIDRs: ['10.0.0.0/30', 'fd00::/126'].map(cidr),
    nodePortRange: { first: 30000, last: 30003 },
    loadBalancerPools: [poolOf('public=203.0.113.0/31,2001:db8:20::/127')],
  });
}

const wishes: fc.Arbitrary<Wish> = fc.record({
  name: fc.constantFrom(...NAMES),
  type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'LoadBalancer', 'ExternalName'),
  clusterIP: fc.constantFrom(undefined, undefined, undefined, ...IPV4, '10.0.0.3', '10.9.9.9'),
  policy: fc.constantFrom(undefined, 'SingleStack', 'RequireDualStack'),
  nodePort: fc.constantFrom(undefined, undefined, ...PORTS, 29999),
  local: fc.boolean(),
  healthCheckNodePort: fc.constantFrom(undefined, undefined, undefined, ...PORTS),
});

type Command = PlaneCommand<Model>;

const applications: fc.Arbitrary<Command> = wishes.map((wish) =>
  command(`applies ${JSON.stringify(manifestOf(wish))}`, (model, plane) => {
    const before = model.get(wish.name) ?? NO_HOLDING;
    const demand = demandOf(wish, before);
    const stateBefore = dump(plane);
    const { object, diagnostics } = plane.apply(manifestOf(wish));
    const possible = demand !== null && isThere(demand, model);
    if (possible !== null) expect(object !== null, JSON.stringify(diagnostics)).toBe(possible);
    if (object === null || demand === null) {
      expect(dump(plane)).toBe(stateBefore);
      return;
    }
    const after = holdingOf(object as Service);
    expectHolding(after, wish, demand, before);
    model.set(wish.name, after);
    expect(faultsOf(plane)).toEqual([]);
  }),
);

const deletions: fc.Arbitrary<Command> = fc.constantFrom(...NAMES).map((name) =>
  command(`deletes ${name}`, (model, plane) => {
    expect(plane.delete({ kind: 'Service', namespace: 'default', name })).toBe(model.has(name));
    // A load balancer has to go first.
    plane.reconcile();
    model.delete(name);
    checkBalancers(model, plane);
  }),
);

const reconciliations: fc.Arbitrary<Command> = fc.constant(
  command('reconciles', (model, plane) => {
    plane.reconcile();
    checkBalancers(model, plane);
  }),
);

function checkBalancers(model: Model, plane: ControlPlane): void {
  const held = new Map<string, string>();
  let waiting = 0;
  for (const [name, { type }] of model) {
    const ingress = plane.state.service('default', name)?.status?.loadBalancer?.ingress ?? [];
    const ips = ingress.map(({ ip = '' }) => ip).filter((ip) => !ip.includes(':'));
    if (type !== 'LoadBalancer') expect(ips).toEqual([]);
    else if (ips.length === 0) waiting++;
    for (const ip of ips) {
      expect(BALANCER_IPS).toContain(ip);
      expect(held.get(ip)).toBeUndefined();
      held.set(ip, name);
    }
  }
  if (waiting > 0) expect(held.size).toBe(BALANCER_IPS.length);
}

const commands = fc.commands([applications, applications, applications, deletions, reconciliations], {
  maxCommands: 40,
  size: 'max',
});

/** Takes all that is in the pools, which is possible only if nothing is held any more. */
function expectWholePools(plane: ControlPlane): void {
  for (const [i, clusterIP] of IPV4.entries()) {
    const wish = { name: `all-${i}`, type: 'LoadBalancer', policy: 'RequireDualStack', local: true } as const;
    const ports = { nodePort: PORTS[2 * i], healthCheckNodePort: PORTS[2 * i + 1] };
    expect(plane.apply(manifestOf({ ...wish, ...ports, clusterIP })).diagnostics).toEqual([]);
  }
  const spec = { ports: [{ port: 80 }], ipFamilies: ['IPv6'] };
  const last = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'last' }, spec };
  expect(plane.apply(last).diagnostics).toEqual([]);
  plane.reconcile();
  const given = plane.state.list('Service').flatMap(({ status }) => status?.loadBalancer?.ingress ?? []);
  expect(given).toHaveLength(2 * BALANCER_IPS.length);
}

describe('addresses and ports', () => {
  it('are given, kept and given back as a plain model says, and all come back in the end', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const model: Model = new Map();
        const real = smallPlane();
        fc.modelRun(() => ({ model, real }), list);
        for (const name of NAMES) real.delete({ kind: 'Service', namespace: 'default', name });
        real.reconcile();
        expect(real.state.list('Service')).toEqual([]);
        expectWholePools(real);
      }),
      { numRuns: 200 },
    );
  });

  it('are never given to one Service while another one lists them, wherever that one came from', () => {
    const foreign = fc.record({
      name: fc.constantFrom(...NAMES),
      ip: fc.constantFrom(...IPV4),
      nodePort: fc.constantFrom(...PORTS),
    });
    const step = fc.oneof(
      fc.record({ comes: foreign }),
      fc.record({ applied: wishes }),
      fc.record({ gone: fc.constantFrom(...NAMES), drops: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        const plane = smallPlane();
        for (const does of steps) {
          if ('comes' in does) plane.state.upsert(dumpedService(does.comes));
          else if ('gone' in does) {
            const reference = { kind: 'Service', namespace: 'default', name: does.gone };
            if (does.drops) plane.state.delete(reference);
            else plane.delete(reference);
          } else expectNothingTaken(plane, does.applied);
          plane.reconcile();
        }
        for (const name of NAMES) plane.delete({ kind: 'Service', namespace: 'default', name });
        plane.reconcile();
        expectWholePools(plane);
      }),
      { numRuns: 200 },
    );
  });
});

/** A NodePort Service as a cluster has it. */
function dumpedService({ name, ip, nodePort }: { name: string; ip: string; nodePort: number }): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'NodePort',
      clusterIP: ip,
      clusterIPs: [ip],
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80, nodePort }],
    },
  };
}

/** Applies a wish, and looks whether it got something that another Service lists. */
function expectNothingTaken(plane: ControlPlane, wish: Wish): void {
  const own = `Service default/${wish.name}`;
  const before = holdersOf(plane);
  if (plane.apply(manifestOf(wish)).object === null) return;
  for (const [what, holders] of holdersOf(plane)) {
    const isNew = holders.has(own) && before.get(what)?.has(own) !== true;
    if (isNew) expect([what, ...holders]).toEqual([what, own]);
  }
}
