import { ClusterState, type Service } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { ClusterIps } from '../allocation/cluster-ips.js';
import type { ControlPlaneOptions } from './control-plane-options.js';
import { ServiceAdmission } from './service-admission.js';

function admissionOf(options: ControlPlaneOptions = {}, cidr = '10.0.0.0/24') {
  const state = new ClusterState();
  const clusterIPs = new ClusterIps();
  clusterIPs.addCidr(cidr);
  const admission = new ServiceAdmission(state, clusterIPs, options);
  const store = (service: Service): Service => {
    const admitted = admission.admit(service);
    if (admitted.service === null) throw new Error(JSON.stringify(admitted.diagnostics));
    state.upsert(admitted.service);
    return admitted.service;
  };
  return { admission, state, store };
}

function service(metadata: Partial<Service['metadata']> = {}, spec: Service['spec'] = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', ...metadata },
    spec: { ports: [{ port: 80 }], ...spec },
  };
}

const dumped = (name: string, clusterIP: string): Service =>
  service({ name, namespace: 'default' }, { type: 'ClusterIP', clusterIP, clusterIPs: [clusterIP] });

describe('the metadata of a new Service', () => {
  it('is the server’s: namespace, uid and creation time, and no version', () => {
    const { store } = admissionOf({ now: () => '2024-01-31T12:00:00Z' });
    const { metadata } = store(
      service({
        uid: 'mine',
        resourceVersion: '7',
        creationTimestamp: '2020-01-01T00:00:00Z',
        deletionTimestamp: '2020-01-01T00:00:00Z',
        finalizers: ['example.com/audit'],
        labels: { app: 'web' },
      }),
    );
    expect(metadata).toEqual({
      name: 'web',
      namespace: 'default',
      uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      creationTimestamp: '2024-01-31T12:00:00Z',
      finalizers: ['example.com/audit'],
      labels: { app: 'web' },
    });
  });

  it('has no time without a clock, and a uid that follows from the seed and the name', () => {
    const uidOf = (seed: number, name = 'web'): unknown => {
      const { creationTimestamp, uid } = admissionOf({ seed }).store(service({ name })).metadata;
      expect(creationTimestamp).toBeUndefined();
      return uid;
    };
    expect(uidOf(1)).toBe(uidOf(1));
    expect(uidOf(1)).not.toBe(uidOf(2));
    expect(uidOf(1)).not.toBe(uidOf(1, 'api'));
  });
});

describe('the metadata of a Service that is replaced', () => {
  it('keeps what the server gave it, and takes the labels and annotations of the new one', () => {
    const { store } = admissionOf({ now: () => '2024-01-31T12:00:00Z' });
    const first = store(service({ finalizers: ['example.com/audit'], labels: { a: 'b' } }));
    const second = store(service({ annotations: { c: 'd' } }));
    const { labels: _, ...kept } = first.metadata;
    expect(second.metadata).toEqual({ ...kept, annotations: { c: 'd' } });
  });

  it('keeps its deletion, and gives up finalizers only when told so', () => {
    const { state, store } = admissionOf();
    const stored = store(service({ finalizers: ['example.com/audit'] }));
    const deletionTimestamp = '2024-01-31T12:00:00Z';
    state.upsert({ ...stored, metadata: { ...stored.metadata, deletionTimestamp } });
    expect(store(service()).metadata).toMatchObject({ deletionTimestamp, finalizers: ['example.com/audit'] });
    expect(store(service({ finalizers: [] })).metadata).toMatchObject({ deletionTimestamp, finalizers: [] });
  });

  it('is refused another uid', () => {
    const { admission, store } = admissionOf();
    store(service());
    expect(admission.admit(service({ uid: 'other' }))).toMatchObject({
      service: null,
      diagnostics: [{ severity: 'error', object: { name: 'web', path: 'metadata.uid' } }],
    });
  });
});

describe('what admission says', () => {
  it('is every problem at once, each with its field', () => {
    const { diagnostics } = admissionOf().admission.admit(
      service({ name: 'Web' }, { ports: [{ port: 0 }, { port: 81, name: 'x' }] }),
    );
    expect(diagnostics.map(({ object, code }) => `${code} ${object?.path}`)).toEqual([
      'invalid metadata.name',
      'required spec.ports[0].name',
      'invalid spec.ports[0].port',
    ]);
  });

  it('is a warning for what is taken and does nothing', () => {
    const { service: admitted, diagnostics } = admissionOf().admission.admit(
      service({}, { externalName: 'example.org' }),
    );
    expect(admitted).not.toBeNull();
    expect(diagnostics).toMatchObject([
      { severity: 'warning', code: 'api-warning', object: { name: 'web' } },
    ]);
  });
});

describe('Services that are taken as they are', () => {
  it('hold what they list, in range or not, and conflicts are warnings', () => {
    const { admission } = admissionOf();
    expect(admission.adopt(dumped('a', '10.0.0.9'))).toEqual([]);
    expect(admission.adopt(dumped('far', '192.0.2.1'))).toEqual([]);
    expect(admission.adopt(dumped('b', '10.0.0.9'))).toEqual([
      {
        severity: 'warning',
        code: 'invalid',
        message: 'Invalid value: "10.0.0.9": provided IP is already allocated to Service default/a',
        object: { kind: 'Service', namespace: 'default', name: 'b', path: 'spec.clusterIPs[0]' },
      },
    ]);
    expect(admission.admit(service({}, { clusterIP: '10.0.0.9' })).service).toBeNull();
  });

  it('get what they contended for when its holder gives it back, before anybody else', () => {
    const { admission, state } = admissionOf();
    for (const it of [dumped('a', '10.0.0.9'), dumped('b', '10.0.0.9')]) {
      state.upsert(it);
      admission.adopt(it);
    }
    admission.release(dumped('a', '10.0.0.9'));
    admission.retryContested();
    expect(admission.admit(service({}, { clusterIP: '10.0.0.9' })).diagnostics).toMatchObject([
      { message: expect.stringContaining('already allocated to Service default/b') },
    ]);
    admission.release(dumped('b', '10.0.0.9'));
    admission.retryContested();
    expect(admission.admit(service({}, { clusterIP: '10.0.0.9' })).service).not.toBeNull();
  });
});
