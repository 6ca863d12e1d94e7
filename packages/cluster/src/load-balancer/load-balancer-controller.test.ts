import type { LoadBalancerIngress, Service } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoadBalancerController } from './load-balancer-controller.js';
import { type LoadBalancerPool, parseLoadBalancerPool } from './load-balancer-pool.js';

const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

function controllerOf(...texts: readonly (string | LoadBalancerPool)[]): LoadBalancerController {
  const pools = texts.map((text) => {
    if (typeof text !== 'string') return text;
    const parsed = parseLoadBalancerPool(text);
    if ('error' in parsed) throw new Error(parsed.error);
    return parsed.pool;
  });
  return new LoadBalancerController({ pools });
}

function serviceOf(
  name: string,
  spec: Service['spec'] = {},
  rest: { ingress?: readonly LoadBalancerIngress[]; metadata?: Partial<Service['metadata']> } = {},
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', ...rest.metadata },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ...spec },
    ...(rest.ingress && { status: { loadBalancer: { ingress: rest.ingress } } }),
  };
}

const ipsOf = ({ status }: { readonly status: Service['status'] }): (string | undefined)[] =>
  (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname);
const reasonsOf = ({ events }: ReturnType<LoadBalancerController['ensure']>): string[] =>
  events.map(({ reason }) => reason);

describe('the load-balancer controller', () => {
  it('gives one address per family, the lowest that is free', () => {
    const controller = controllerOf('public=203.0.113.0/24,2001:db8:20::/64');
    expect(controller.ensure(serviceOf('a'))).toEqual({
      status: { loadBalancer: { ingress: [{ ip: '203.0.113.0', ipMode: 'VIP' }] } },
      finalizers: [FINALIZER],
      problems: [],
      events: [
        { type: 'Normal', reason: 'EnsuringLoadBalancer', message: 'Ensuring load balancer' },
        { type: 'Normal', reason: 'EnsuredLoadBalancer', message: 'Ensured load balancer' },
      ],
    });
    const dual = serviceOf('b', { ipFamilies: ['IPv6', 'IPv4'] });
    expect(ipsOf(controller.ensure(dual))).toEqual(['2001:db8:20::', '203.0.113.1']);
  });

  it('keeps what a Service holds, whether or not its status says so', () => {
    const controller = controllerOf('public=203.0.113.0/24');
    const pending = serviceOf('a');
    const { status, finalizers } = controller.ensure(pending);
    controller.ensure(serviceOf('b'));
    expect(controller.ensure(pending).status).toEqual(status);
    const given = { ...serviceOf('a', {}, { metadata: { finalizers } }), status } as Service;
    expect(controller.ensure(given)).toMatchObject({ finalizers, problems: [] });
    expect(controller.ensure(given).status).toBe(status);
  });

  it('leaves Services alone that no pool serves', () => {
    const controller = controllerOf('office@example.com/internal=192.0.2.0/24');
    const others = [
      serviceOf('a'),
      serviceOf('a', { loadBalancerClass: 'example.com/other' }),
      serviceOf('a', { type: 'NodePort' }),
      serviceOf('a', { type: 'ClusterIP' }),
    ];
    for (const other of others) {
      expect(controller.serves(other)).toBe(false);
      expect(controller.ensure(other)).toEqual({
        status: undefined,
        finalizers: [],
        problems: [],
        events: [],
      });
    }
    const own = serviceOf('a', { loadBalancerClass: 'example.com/internal' });
    expect(ipsOf(controller.ensure(own))).toEqual(['192.0.2.0']);
  });

  it('gives the address asked for, even of a pool that gives none by itself', () => {
    const parsed = parseLoadBalancerPool('kept=192.0.2.0/24');
    if ('error' in parsed) throw new Error(parsed.error);
    const controller = controllerOf({ ...parsed.pool, autoAssign: false });
    expect(ipsOf(controller.ensure(serviceOf('a', { loadBalancerIP: '192.0.2.7' })))).toEqual(['192.0.2.7']);
    expect(controller.ensure(serviceOf('b')).problems).toMatchObject([
      { detail: 'no load-balancer pool gives IPv4 addresses to Services without a class' },
    ]);
  });

  it('says why an address that is asked for cannot be given', () => {
    const controller = controllerOf('public=203.0.113.0/30');
    controller.ensure(serviceOf('a'));
    const ask = (loadBalancerIP: string): unknown =>
      controller.ensure(serviceOf('b', { loadBalancerIP })).problems;
    const problem = (value: string, detail: string): unknown => [
      { type: 'Invalid', field: 'spec.loadBalancerIP', value, detail },
    ];
    expect(ask('203.0.113.0')).toEqual(problem('203.0.113.0', 'is held by Service shop/a'));
    const outside =
      'must be an address of a load-balancer pool for Services without a class: public (203.0.113.0-203.0.113.3)';
    expect(ask('192.0.2.1')).toEqual(problem('192.0.2.1', outside));
    const wrong = 'must be an IP address of a family of the Service: IPv4';
    expect(ask('2001:db8::1')).toEqual(problem('2001:db8::1', wrong));
    expect(ask('somewhere')).toEqual(problem('somewhere', wrong));
  });

  it('moves a Service to the address that it asks for later, and lets it keep the old one when it cannot', () => {
    const controller = controllerOf('public=203.0.113.0/30');
    const { status } = controller.ensure(serviceOf('a'));
    const asking = (loadBalancerIP: string) => ({ ...serviceOf('a', { loadBalancerIP }), status }) as Service;
    const refused = controller.ensure(asking('192.0.2.1'));
    expect(refused.status).toBe(status);
    expect(refused.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'SyncLoadBalancerFailed' });
    expect(ipsOf(controller.ensure(serviceOf('b')))).toEqual(['203.0.113.1']);
    expect(ipsOf(controller.ensure(asking('203.0.113.3')))).toEqual(['203.0.113.3']);
    expect(ipsOf(controller.ensure(serviceOf('c')))).toEqual(['203.0.113.0']);
  });

  it('says which pools are used up', () => {
    const controller = controllerOf('a=192.0.2.1/32', 'b=192.0.2.2/31');
    const outcomes = ['1', '2', '3', '4'].map((name) => controller.ensure(serviceOf(name)));
    expect(outcomes.map(ipsOf)).toEqual([['192.0.2.1'], ['192.0.2.2'], ['192.0.2.3'], []]);
    expect(outcomes[3]).toMatchObject({
      status: undefined,
      finalizers: [FINALIZER],
      problems: [
        {
          type: 'InternalError',
          detail: 'no IPv4 address is free in load-balancer pool a (1 in all), b (2 in all)',
        },
      ],
    });
    controller.release(serviceOf('2'));
    expect(ipsOf(controller.ensure(serviceOf('4')))).toEqual(['192.0.2.2']);
  });

  it('gives what there is to a Service that only prefers two families', () => {
    const controller = controllerOf('public=203.0.113.0/24');
    const dual = { ipFamilies: ['IPv4', 'IPv6'] } as const;
    const prefer = controller.ensure(serviceOf('a', { ...dual, ipFamilyPolicy: 'PreferDualStack' }));
    expect(ipsOf(prefer)).toEqual(['203.0.113.0']);
    expect(prefer.problems).toEqual([]);
    expect(reasonsOf(prefer)).toEqual(['EnsuringLoadBalancer', 'AllocationFailed', 'EnsuredLoadBalancer']);
    const require = controller.ensure(serviceOf('b', { ...dual, ipFamilyPolicy: 'RequireDualStack' }));
    expect(ipsOf(require)).toEqual([]);
    expect(require.problems).toHaveLength(1);
    expect(ipsOf(controller.ensure(serviceOf('c')))).toEqual(['203.0.113.1']);
  });

  it('takes away the address of a family that the Service has no longer', () => {
    const controller = controllerOf('public=203.0.113.0/24,2001:db8::/64');
    const { status } = controller.ensure(serviceOf('a', { ipFamilies: ['IPv4', 'IPv6'] }));
    expect(ipsOf(controller.ensure({ ...serviceOf('a'), status } as Service))).toEqual(['203.0.113.0']);
    expect(ipsOf(controller.ensure(serviceOf('b', { ipFamilies: ['IPv6'] })))).toEqual(['2001:db8::']);
  });

  it.each<[string, readonly LoadBalancerIngress[]]>([
    ['a name', [{ hostname: 'lb.example.com' }]],
    ['an address of no pool', [{ ip: '192.0.2.9', ipMode: 'Proxy' }]],
    ['several addresses', [{ ip: '203.0.113.9' }, { ip: '203.0.113.8' }]],
    ['an address of a family that the Service lacks', [{ ip: '203.0.113.9' }, { ip: '2001:db8::9' }]],
  ])('adopts %s as it is', (_, ingress) => {
    const controller = controllerOf('public=203.0.113.0/24');
    const service = serviceOf('a', {}, { ingress });
    expect(controller.ensure(service).status).toBe(service.status);
  });

  it('lets Services share an address that they came with, and gives it to no other before all left', () => {
    const controller = controllerOf('public=203.0.113.0/31');
    const services = ['a', 'b'].map((name) => serviceOf(name, {}, { ingress: [{ ip: '203.0.113.0' }] }));
    for (const service of services) controller.adopt(service);
    expect(ipsOf(controller.ensure(serviceOf('c')))).toEqual(['203.0.113.1']);
    for (const service of services) {
      expect(controller.ensure(service)).toMatchObject({ status: service.status, problems: [] });
    }
    controller.release(services[0] as Service);
    expect(ipsOf(controller.ensure(serviceOf('d')))).toEqual([]);
    controller.release(services[1] as Service);
    expect(ipsOf(controller.ensure(serviceOf('d')))).toEqual(['203.0.113.0']);
  });

  it('cleans up after a Service that is going away, or is no load balancer any longer', () => {
    const controller = controllerOf('public=203.0.113.0/32');
    const finalizers = ['example.com/other', FINALIZER];
    const { status } = controller.ensure(serviceOf('a'));
    const going = { finalizers, deletionTimestamp: '2026-01-01T00:00:00Z' };
    const gone = { ...serviceOf('a', {}, { metadata: going }), status } as Service;
    const outcome = controller.ensure(gone);
    expect(outcome).toMatchObject({ status: { loadBalancer: {} }, finalizers: ['example.com/other'] });
    expect(reasonsOf(outcome)).toEqual(['DeletingLoadBalancer', 'DeletedLoadBalancer']);
    expect(ipsOf(controller.ensure(serviceOf('b')))).toEqual(['203.0.113.0']);
    const changed = serviceOf('b', { type: 'ClusterIP' }, { metadata: { finalizers } });
    expect(controller.ensure(changed).finalizers).toEqual(['example.com/other']);
    expect(ipsOf(controller.ensure(serviceOf('c')))).toEqual(['203.0.113.0']);
    expect(reasonsOf(controllerOf().ensure(gone))).toEqual(['DeletingLoadBalancer', 'DeletedLoadBalancer']);
    const never = serviceOf('d', { type: 'ClusterIP' }, { metadata: { finalizers } });
    expect(reasonsOf(controllerOf().ensure(never))).toEqual(['DeletedLoadBalancer']);
  });

  it('never throws, whatever the values are', () => {
    const text = fc.constantFrom('', 'x', '203.0.113.1', '::1');
    const spec = fc.record(
      {
        type: fc.constantFrom('LoadBalancer', 'ClusterIP', 'x'),
        ipFamilies: fc.array(fc.constantFrom('IPv4', 'IPv6', 'x')),
        ipFamilyPolicy: fc.constantFrom('PreferDualStack', 'x'),
        loadBalancerIP: text,
        loadBalancerClass: text,
        clusterIP: text,
        clusterIPs: fc.array(text),
      },
      { requiredKeys: [] },
    );
    const ingress = fc.array(fc.record({ ip: text, hostname: text }, { requiredKeys: [] }));
    fc.assert(
      fc.property(spec, ingress, (anySpec, entries) => {
        const service = serviceOf('a', anySpec as Service['spec'], { ingress: entries });
        expect(controllerOf('public=203.0.113.0/30').ensure(service).events).toBeInstanceOf(Array);
      }),
    );
  });
});

describe('addresses of a small pool', () => {
  const pool = ['203.0.113.0', '203.0.113.1', '203.0.113.2'];
  const operation = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    does: fc.oneof(
      fc.constantFrom('ensure', 'ensure', 'release', 'retype'),
      fc.record({ asks: fc.constantFrom(...pool) }),
    ),
  });

  it('are never held twice, come back when released, and are refused only when they are held', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const controller = controllerOf('public=203.0.113.0-203.0.113.2');
        const model = new Map<string, string>();
        for (const { name, does } of operations) {
          const current = model.get(name);
          const ingress = current === undefined ? [] : [{ ip: current }];
          const others = [...model].flatMap(([other, ip]) => (other === name ? [] : [ip]));
          if (does === 'release') {
            controller.release(serviceOf(name));
            model.delete(name);
            continue;
          }
          if (does === 'retype') {
            expect(ipsOf(controller.ensure(serviceOf(name, { type: 'NodePort' }, { ingress })))).toEqual([]);
            model.delete(name);
            continue;
          }
          const asks = does === 'ensure' ? undefined : does.asks;
          const spec = asks === undefined ? {} : { loadBalancerIP: asks };
          const outcome = controller.ensure(serviceOf(name, spec, { ingress }));
          const lowest = pool.find((ip) => !others.includes(ip));
          const wanted = asks ?? current ?? lowest;
          const right = wanted === undefined || others.includes(wanted) ? current : wanted;
          expect(ipsOf(outcome)).toEqual(right === undefined ? [] : [right]);
          expect(outcome.problems.length > 0).toBe(right === undefined || right !== wanted);
          if (right !== undefined) model.set(name, right);
          expect(new Set(model.values()).size).toBe(model.size);
        }
      }),
      { numRuns: 300 },
    );
  });
});
