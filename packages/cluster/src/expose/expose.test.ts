import type { KubernetesObject, Pod, Service, Workload } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ExposeOptions, type ExposeResult, exposeService } from './expose.js';

const pod = (containers: object[] = [], more: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
    spec: { containers, ...more },
  }) as Pod;
const ports = (...list: (number | [number, string])[]): object => ({
  ports: list.map((each) =>
    typeof each === 'number' ? { containerPort: each } : { containerPort: each[0], protocol: each[1] },
  ),
});
const deployment = (selector: unknown, kind: Workload['kind'] = 'Deployment'): Workload => ({
  apiVersion: kind === 'ReplicationController' ? 'v1' : 'apps/v1',
  kind,
  metadata: { name: 'web' },
  spec: { selector, template: { spec: { containers: [{ ports: [{ containerPort: 8080 }] }] } } },
});
const service = (spec: Service['spec']): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec,
});

const sent = (result: ExposeResult): Service => {
  if (result.error !== null) throw new Error(result.error.message);
  return result.service;
};
const specOf = (source: KubernetesObject, options?: ExposeOptions): Service['spec'] =>
  sent(exposeService(source, options)).spec;
const errorOf = (source: KubernetesObject, options?: ExposeOptions): unknown =>
  exposeService(source, options).error;

describe('what can be exposed', () => {
  it.each([
    ['apps/v1', 'StatefulSet', 'cannot expose a StatefulSet.apps'],
    ['batch/v1', 'CronJob', 'cannot expose a CronJob.batch'],
    ['v1', 'Node', 'cannot expose a Node'],
  ])('is no %s %s', (apiVersion, kind, message) => {
    const source = { apiVersion, kind, metadata: { name: 'a' } };
    expect(errorOf(source, { port: '80', selector: 'a=b' })).toEqual({ class: 'kindNotExposable', message });
  });

  it.each(['Deployment', 'ReplicaSet'] as const)('is a %s by its matchLabels alone', (kind) => {
    expect(specOf(deployment({ matchLabels: { app: 'web' } }, kind)).selector).toEqual({ app: 'web' });
    const expressions = [{ key: 'app', operator: 'Exists' }];
    expect(errorOf(deployment({ matchLabels: { app: 'web' }, matchExpressions: expressions }, kind))).toEqual(
      {
        class: 'selectorNotMapBased',
        message:
          "couldn't retrieve selectors via --selector flag or introspection: couldn't convert expressions - " +
          '[{"key":"app","operator":"Exists"}] to map-based selector format',
      },
    );
    const none = {
      class: 'noSelector',
      message:
        "couldn't retrieve selectors via --selector flag or introspection: " +
        `invalid ${kind.toLowerCase()}: no selectors, therefore cannot be exposed`,
    };
    for (const selector of [undefined, {}, { matchLabels: {} }, { matchExpressions: expressions }]) {
      expect(errorOf(deployment(selector, kind))).toEqual(none);
    }
  });

  it('is a ReplicationController by its selector', () => {
    expect(specOf(deployment({ app: 'web' }, 'ReplicationController')).selector).toEqual({ app: 'web' });
    expect(errorOf(deployment(undefined, 'ReplicationController'))).toEqual({
      class: 'noSelector',
      message: 'selector must be specified',
    });
  });

  it('is a Pod with labels', () => {
    const bare = { ...pod([ports(80)]), metadata: { name: 'web' } };
    expect(errorOf(bare)).toMatchObject({ class: 'podHasNoLabels' });
    expect(specOf(bare, { selector: 'a=b' }).selector).toEqual({ a: 'b' });
  });

  it('is a Service with a selector', () => {
    expect(errorOf(service({ ports: [{ port: 80 }] }))).toMatchObject({ class: 'noSelector' });
    expect(errorOf(service({ ports: [{ port: 80 }], selector: {} }))).toMatchObject({ class: 'noSelector' });
  });
});

describe('the selector', () => {
  it.each([
    ['app in (a)', 'unexpected label spec: app in (a)'],
    ['app==web', 'unexpected label spec: app==web'],
    ['app', 'unexpected label spec: app'],
    ['a=b,', 'unexpected label spec: '],
    ['=b', 'unexpected empty label key'],
  ])('is pairs alone, not %s', (selector, message) => {
    expect(errorOf(pod([ports(80)]), { selector })).toEqual({ class: 'selectorNotMapBased', message });
    expect(errorOf(pod([ports(80)]), { labels: selector })).toEqual({ class: 'badLabels', message });
  });

  it('may have empty values, and the last of a key holds', () => {
    expect(specOf(pod([ports(80)]), { selector: 'a=,b=1,b=2' }).selector).toEqual({ a: '', b: '2' });
  });

  it('asks for a port before it is read', () => {
    expect(errorOf(pod(), { selector: 'app' })).toMatchObject({ class: 'noPort' });
  });
});

describe('name, labels and namespace', () => {
  it('are those of the source, the name cut to what a label holds', () => {
    const source = { ...pod([ports(80)]), metadata: { name: 'x'.repeat(70), labels: { app: 'web' } } };
    expect(sent(exposeService(source)).metadata).toEqual({ name: 'x'.repeat(63), labels: { app: 'web' } });
  });

  it('are those of the flags', () => {
    const metadata = sent(
      exposeService(pod([ports(80)]), { name: 'y'.repeat(70), labels: 'tier=front', namespace: 'test' }),
    ).metadata;
    expect(metadata).toEqual({ name: 'y'.repeat(70), labels: { tier: 'front' }, namespace: 'test' });
  });
});

describe('ports', () => {
  it('are all container ports, each once, but not those of init containers', () => {
    const source = pod([ports(80, 81), ports(81, 8080)], { initContainers: [ports(9)] });
    expect(specOf(source).ports).toEqual([
      { name: 'port-1', protocol: 'TCP', port: 80, targetPort: 80 },
      { name: 'port-2', protocol: 'TCP', port: 81, targetPort: 81 },
      { name: 'port-3', protocol: 'TCP', port: 8080, targetPort: 8080 },
    ]);
  });

  it('are missing: only a headless Service does without', () => {
    const message = "couldn't find port via --port flag or introspection";
    expect(errorOf(pod())).toEqual({ class: 'noPort', message });
    expect(errorOf(pod(), { clusterIP: '10.96.0.9' })).toEqual({ class: 'noPort', message });
    expect(specOf(pod(), { clusterIP: 'None' })).toEqual({ selector: { app: 'web' }, clusterIP: 'None' });
  });

  it('of one number with several protocols are named by them', () => {
    const dns = service({
      selector: { app: 'dns' },
      ports: [
        { port: 53, protocol: 'UDP', targetPort: 5353 },
        { port: 53, protocol: 'TCP' },
      ],
    });
    const both = [
      { name: 'port-1-udp', protocol: 'UDP', port: 53, targetPort: 53 },
      { name: 'port-1-tcp', protocol: 'TCP', port: 53, targetPort: 53 },
    ];
    expect(specOf(dns).ports).toEqual(both);
    expect(specOf(dns, { port: '53' }).ports).toEqual(both);
    expect(specOf(dns, { port: '53,80' }).ports).toEqual([
      ...both,
      { name: 'port-2', protocol: 'TCP', port: 80, targetPort: 80 },
    ]);
    expect(specOf(dns, { protocol: 'SCTP' }).ports).toEqual([{ protocol: 'SCTP', port: 53, targetPort: 53 }]);
  });

  it("have the source's protocol where it knows the number, else TCP", () => {
    const source = pod([ports([53, 'UDP'])]);
    expect(specOf(source).ports).toEqual([{ protocol: 'UDP', port: 53, targetPort: 53 }]);
    expect(specOf(source, { port: '80' }).ports).toEqual([{ protocol: 'TCP', port: 80, targetPort: 80 }]);
    expect(specOf(source, { port: '053' }).ports?.[0]?.protocol).toBe('TCP');
  });

  it.each([
    ['8080', 8080],
    ['http', 'http'],
    ['0x50', '0x50'],
    ['99999999999', '99999999999'],
  ])('lead all to one target %s', (targetPort, target) => {
    const found = specOf(pod(), { port: '80,443', targetPort }).ports ?? [];
    expect(found.map((port) => port.targetPort)).toEqual([target, target]);
  });

  it.each([
    ['http', 'strconv.Atoi: parsing "http": invalid syntax'],
    ['80,', 'strconv.Atoi: parsing "": invalid syntax'],
    ['80, 443', 'strconv.Atoi: parsing " 443": invalid syntax'],
    ['99999999999999999999', 'strconv.Atoi: parsing "99999999999999999999": value out of range'],
  ])('are numbers, not %j', (port, message) => {
    expect(errorOf(pod(), { port })).toEqual({ class: 'portNotNumeric', message });
  });

  it('may be any number of 32 bits: the API server judges it', () => {
    expect(specOf(pod(), { port: '+0' }).ports?.[0]?.port).toBe(0);
    expect(specOf(pod(), { port: '-1' }).ports?.[0]?.port).toBe(-1);
    expect(specOf(pod(), { port: '4294967376' }).ports?.[0]?.port).toBe(80);
  });
});

describe('the other fields', () => {
  it('are sent as typed', () => {
    const options = {
      port: '80',
      type: 'Nonsense',
      externalIP: 'x',
      clusterIP: 'y',
      sessionAffinity: 'None',
    };
    expect(specOf(pod(), options)).toEqual({
      selector: { app: 'web' },
      ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      type: 'Nonsense',
      externalIPs: ['x'],
      clusterIP: 'y',
      sessionAffinity: 'None',
    });
  });

  it('have a session affinity that kubectl checks itself', () => {
    const message = 'unknown session affinity: clientip';
    expect(errorOf(pod(), { port: '80', sessionAffinity: 'clientip' })).toEqual({
      class: 'badSessionAffinity',
      message,
    });
  });

  it('have a load-balancer address with type LoadBalancer only', () => {
    const options = { port: '80', loadBalancerIP: '192.0.2.1' };
    expect(specOf(pod(), options)).not.toHaveProperty('loadBalancerIP');
    expect(specOf(pod(), { ...options, type: 'LoadBalancer' })).toMatchObject({
      loadBalancerIP: '192.0.2.1',
    });
  });
});

describe('the message', () => {
  it.each([
    [undefined, 'service/web exposed'],
    ['none', 'service/web exposed'],
    ['client', 'service/web exposed (dry run)'],
    ['server', 'service/web exposed (server dry run)'],
  ] as const)('with --dry-run=%s is %s', (dryRun, message) => {
    expect(exposeService(pod(), { port: '80', ...(dryRun && { dryRun }) })).toMatchObject({ message });
  });
});

it('takes any text in any flag', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('80', '80,443', 'a=b', 'None', 'LoadBalancer', ''));
  const keys = [
    'name',
    'port',
    'protocol',
    'targetPort',
    'selector',
    'labels',
    'type',
    'sessionAffinity',
    'clusterIP',
  ];
  const options = fc.record(Object.fromEntries(keys.map((key) => [key, text])), { requiredKeys: [] });
  const sources = [
    pod(),
    pod([ports(80)]),
    service({}),
    deployment(undefined),
    deployment({ matchLabels: { a: 'b' } }),
  ];
  fc.assert(
    fc.property(fc.constantFrom(...sources), options, (source, flags) => {
      const result = exposeService(source, flags as ExposeOptions);
      if (result.error === null) expect(Object.keys(result.service.spec.selector ?? {})).not.toEqual([]);
      else expect(result.error.message).not.toBe('');
    }),
  );
});
