/** From annotations to slots: strategies, slots per backend, weights, and what is said about them. */
import { address, ClusterState, formatDiagnostic, formatEndpoint, type KubernetesObject } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { MAX_SLOTS } from '../balance/slot-count.js';
import { defaultConfig, type ProxyConfig } from '../config.js';
import { Tracer } from '../explain/tracer.js';
import type { Pool } from '../ruleset/types.js';
import { nodeView } from './input.js';
import { resolve } from './resolve.js';

const NODE = nodeView('node-a', [address('192.168.0.2')], null);

type Annotations = Readonly<Record<string, string>>;

function service(annotations: Annotations = {}, spec: object = {}): KubernetesObject {
  return {
    kind: 'Service',
    metadata: { namespace: 'ns', name: 'web', annotations },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'http', port: 80 }], ...spec },
  } as unknown as KubernetesObject;
}

function slice(
  name: string,
  addresses: readonly string[],
  weight?: string,
  conditions: object = {},
): KubernetesObject {
  return {
    kind: 'EndpointSlice',
    metadata: {
      namespace: 'ns',
      name,
      labels: { 'kubernetes.io/service-name': 'web' },
      annotations: weight === undefined ? {} : { 'shunt.dev/weight': weight },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: addresses.map((it) => ({ addresses: [it], conditions })),
  } as unknown as KubernetesObject;
}

function run(objects: readonly KubernetesObject[], config: Partial<ProxyConfig> = {}) {
  const input = {
    state: new ClusterState(objects),
    node: NODE,
    config: { ...defaultConfig('nftables'), ...config },
  };
  const { ruleset, diagnostics } = resolve(input);
  const pool = ruleset.servicePorts[0]?.clusterPool as Pool;
  return { input, pool, warnings: diagnostics.map(formatDiagnostic), port: ruleset.servicePorts[0] };
}

function weights({ backends }: Pool): Record<string, number> {
  return Object.fromEntries(backends.map((it) => [formatEndpoint(it.address, it.port), it.weight]));
}

function manyAddresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
}

describe('slots per backend', () => {
  const two = slice('web-1', ['10.0.0.1', '10.0.0.2']);
  const maglev = { 'shunt.dev/balance': 'maglev' };

  it('come from the annotation, else from the configuration', () => {
    const annotated = service({ ...maglev, 'shunt.dev/slots-per-backend': '100' });
    expect(run([service(maglev), two]).pool.slots).toHaveLength(32);
    expect(run([service(maglev), two], { slotsPerBackend: 64 }).pool.slots).toHaveLength(128);
    expect(run([annotated, two], { slotsPerBackend: 64 }).pool.slots).toHaveLength(256);
    expect(run([annotated, two]).warnings).toEqual([]);
  });

  it('that are no number within the limits are said, and not used', () => {
    for (const written of ['0', '1025', '-1', '16.5', ' 16', '0x10', '']) {
      const { pool, warnings } = run([service({ ...maglev, 'shunt.dev/slots-per-backend': written }), two]);
      expect(pool.slots).toHaveLength(32);
      expect(warnings).toEqual([
        `warning: Service ns/web: metadata.annotations["shunt.dev/slots-per-backend"]: expected an integer 1..1024, got ${JSON.stringify(written)}; 16 is used`,
      ]);
    }
  });

  it('mean nothing to a strategy with one slot each, which is said', () => {
    const even = service({ 'shunt.dev/balance': 'even', 'shunt.dev/slots-per-backend': '100' });
    expect(run([even, two]).warnings).toEqual([
      'warning: Service ns/web: metadata.annotations["shunt.dev/slots-per-backend"]: has no effect: even has one slot for each backend',
    ]);
  });

  it('stop at the most slots there are, with a warning of what that does to the shares', () => {
    const annotated = service({ ...maglev, 'shunt.dev/slots-per-backend': '1000' });
    const { pool, warnings } = run([annotated, slice('web-1', manyAddresses(300))]);
    expect(pool.slots).toHaveLength(MAX_SLOTS);
    expect(warnings).toEqual([
      'warning: Service ns/web: spec.ports[0]: IPv4 pool cluster: 131072 slots are the most, 436.9 for each of 300 backends instead of 1000; the largest share is 0.0 % over what it should be',
    ]);
  });
});

describe('weights', () => {
  const canary = [slice('web-1', ['10.0.0.1', '10.0.0.2'], '9'), slice('web-2', ['10.0.0.3'], '2')];

  it('are those of the slices, and make auto choose a strategy that honours them', () => {
    const { pool, warnings } = run([service(), ...canary, slice('web-3', ['10.0.0.4'])]);
    expect(weights(pool)).toEqual({
      '10.0.0.1:8080': 9,
      '10.0.0.2:8080': 9,
      '10.0.0.3:8080': 2,
      '10.0.0.4:8080': 1,
    });
    expect(pool.strategy).toBe('maglev');
    const counts = [0, 0, 0, 0];
    for (const slot of pool.slots) counts[slot] = (counts[slot] ?? 0) + 1;
    expect(counts).toEqual([28, 27, 6, 3]);
    expect(warnings).toEqual([]);
  });

  it('that are all the same change nothing', () => {
    const plain = run([service(), slice('web-1', ['10.0.0.1', '10.0.0.2'])]);
    const same = run([service(), slice('web-1', ['10.0.0.1', '10.0.0.2'], '7')]);
    expect(same.pool.strategy).toBe('even');
    expect(same.pool.slots).toEqual(plain.pool.slots);
  });

  it('of a slice with 0 keep it from new flows, and leave its UDP flows alone', () => {
    const udp = { ports: [{ name: 'http', port: 80, protocol: 'UDP' }] };
    const asUdp = (it: KubernetesObject) =>
      ({ ...it, ports: [{ name: 'http', port: 8080, protocol: 'UDP' }] }) as unknown as KubernetesObject;
    const drained = asUdp(slice('web-2', ['10.0.0.3'], '0'));
    const { pool, port, warnings } = run([service({}, udp), asUdp(slice('web-1', ['10.0.0.1'])), drained]);
    expect(weights(pool)).toEqual({ '10.0.0.1:8080': 1 });
    expect(port?.servingEndpoints.map((it) => formatEndpoint(it.address, it.port))).toEqual([
      '10.0.0.1:8080',
      '10.0.0.3:8080',
    ]);
    expect(warnings).toEqual([]);
  });

  it('of 0 for all endpoints leave none, terminating ones included', () => {
    const terminating = { ready: false, serving: true, terminating: true };
    const objects = [slice('web-1', ['10.0.0.1'], '0'), slice('web-2', ['10.0.0.2'], '0', terminating)];
    expect(run([service(), ...objects]).port?.hasEndpoints).toBe(false);
  });

  it('that are no weights are said, and count as 1', () => {
    for (const written of ['-1', '1.5', '257', 'heavy', '', ' 1', '01']) {
      const { pool, warnings } = run([service(), slice('web-1', ['10.0.0.1'], written)]);
      expect(weights(pool)).toEqual({ '10.0.0.1:8080': 1 });
      expect(warnings).toEqual([
        `warning: EndpointSlice ns/web-1: metadata.annotations["shunt.dev/weight"]: expected an integer 0..256, got ${JSON.stringify(written)}; 1 is used`,
      ]);
    }
  });

  it('of one endpoint in two slices: that of the entry that counts, with a warning at the other', () => {
    const twice = [slice('web-1', ['10.0.0.1', '10.0.0.2'], '9'), slice('web-2', ['10.0.0.2'], '2')];
    const { pool, warnings } = run([service(), ...twice]);
    expect(weights(pool)).toEqual({ '10.0.0.1:8080': 9, '10.0.0.2:8080': 2 });
    expect(warnings).toEqual([
      'warning: EndpointSlice ns/web-1: metadata.annotations["shunt.dev/weight"]: 10.0.0.2:8080 is listed by web-2 too, with weight 2, which is used; here it is 9',
    ]);
  });

  it('are ignored by strategies that cannot honour them, with one warning for the Service', () => {
    const ports = { ports: ['a', 'b'].map((name, index) => ({ name, port: 80 + index })) };
    const slices = canary.map((it) => ({
      ...it,
      ports: ['a', 'b'].map((name) => ({ name, port: 8080 })),
    })) as unknown as KubernetesObject[];
    for (const strategy of ['even', 'random', 'jump']) {
      const annotated = service({ 'shunt.dev/balance': strategy }, ports);
      expect(run([annotated, ...slices]).warnings).toEqual([
        `warning: Service ns/web: metadata.annotations["shunt.dev/balance"]: ${strategy} ignores the weights that EndpointSlices of the Service give; maglev, rendezvous, ring honour them`,
      ]);
    }
    expect(run([service({}, ports), ...slices], { balance: 'even' }).warnings).toEqual([
      'warning: Service ns/web: even ignores the weights that EndpointSlices of the Service give; maglev, rendezvous, ring honour them',
    ]);
  });

  it('too small for a slot are said', () => {
    const heavy = slice('web-1', ['10.0.0.1', '10.0.0.2', '10.0.0.3'], '256');
    const { pool, warnings } = run([service(), heavy, slice('web-2', ['10.0.0.4'], '1')]);
    expect(pool.slots).not.toContain(3);
    expect(warnings).toEqual([
      'warning: Service ns/web: spec.ports[0]: IPv4 pool cluster: 1 of 4 backends get no new flows, since their part of 64 slots is less than one',
    ]);
  });

  it('are told by a trace: who weighs what, who is left out, and what the strategy made of it', () => {
    const { input } = run([service(), ...canary, slice('web-3', ['10.0.0.4'], '0')]);
    const { reasons } = new Tracer(input).trace({
      protocol: 'TCP',
      source: address('10.0.9.9'),
      sourcePort: 40_000,
      destination: address('10.96.0.1'),
      destinationPort: 80,
    });
    expect(reasons.find(({ step }) => step === 'balance')?.text).toContain(
      'balance maglev by weights 2 to 9:',
    );
    const leftOut = reasons.find(({ step }) => step === 'endpoint');
    expect(leftOut).toEqual({
      step: 'endpoint',
      text: '10.0.0.4:8080 is not eligible: its slice has weight 0: no new flows',
      object: {
        kind: 'EndpointSlice',
        namespace: 'ns',
        name: 'web-3',
        path: 'metadata.annotations["shunt.dev/weight"]',
      },
    });
  });
});
