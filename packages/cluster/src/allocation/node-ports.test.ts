import type { Service, ServicePortSpec, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.js';
import { AllocationTransaction } from './allocation-transaction.js';
import { ClusterIps } from './cluster-ips.js';
import { allocateNodePorts, updateNodePorts } from './node-ports.js';
import { PortRange } from './port-range.js';

const OWNER = 'Service default/a';

function serviceWith(spec: ServiceSpec): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'default', name: 'a' }, spec };
}

function port(number: number, protocol: 'TCP' | 'UDP' = 'TCP', nodePort?: number): ServicePortSpec {
  return { name: `${protocol}-${number}`, protocol, port: number, ...(nodePort ? { nodePort } : {}) };
}

function begin(nodePorts = new PortRange(30000, 32767)) {
  const pools = { clusterIPs: new ClusterIps(), nodePorts };
  const options = { owner: OWNER, random: seededRandom(1, 'node-ports'), dryRun: false };
  return { nodePorts, transaction: new AllocationTransaction(pools, options) };
}

function create(ports: readonly ServicePortSpec[], nodePorts?: PortRange) {
  const { transaction } = begin(nodePorts);
  const { service, errors } = allocateNodePorts(serviceWith({ type: 'NodePort', ports }), transaction);
  return { errors, nodePorts: service.spec.ports?.map((it) => it.nodePort) };
}

describe('the node ports of a new Service', () => {
  it('are shared by entries of one port number, whichever of them names it', () => {
    const { nodePorts: shared } = create([port(53), port(53, 'UDP')]);
    expect(shared?.[0]).toBe(shared?.[1]);
    expect(create([port(53), port(53, 'UDP', 30053)]).nodePorts).toEqual([30053, 30053]);
    expect(create([port(53, 'TCP', 30053), port(53, 'UDP')]).nodePorts).toEqual([30053, 30053]);
    expect(create([port(53, 'TCP', 30053), port(53, 'UDP', 30053)]).nodePorts).toEqual([30053, 30053]);
  });

  it('may differ for entries of one port number that name them', () => {
    expect(create([port(53, 'TCP', 30053), port(53, 'UDP', 30054)]).nodePorts).toEqual([30053, 30054]);
  });

  it('are one pool for all protocols: another port cannot have the same number', () => {
    expect(create([port(80, 'TCP', 30080), port(81, 'UDP', 30080)]).errors).toEqual([
      {
        type: 'Invalid',
        field: 'spec.ports[1].nodePort',
        value: 30080,
        detail: 'provided port is already allocated to another port of this Service',
      },
    ]);
  });

  it('are refused out of range', () => {
    expect(create([port(80, 'TCP', 80)]).errors[0]?.detail).toBe(
      'provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
  });

  it('fail as an internal error when none is left to pick', () => {
    expect(create([port(80), port(81)], new PortRange(30000, 30000)).errors).toEqual([
      {
        type: 'InternalError',
        field: 'spec.ports[1].nodePort',
        detail: 'failed to allocate a nodePort: range is full: 30000-30000',
      },
    ]);
  });
});

describe('the health check port', () => {
  const local: ServiceSpec = {
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    allocateLoadBalancerNodePorts: false,
    ports: [port(80)],
  };

  it('cannot be the node port of a port, which is an internal error', () => {
    const { transaction } = begin();
    const spec = { ...local, healthCheckNodePort: 30080, ports: [port(80, 'TCP', 30080)] };
    expect(allocateNodePorts(serviceWith(spec), transaction).errors).toEqual([
      {
        type: 'InternalError',
        field: 'spec.healthCheckNodePort',
        detail:
          'failed to allocate requested HealthCheck NodePort 30080: provided port is already allocated to another port of this Service',
      },
    ]);
  });

  it('cannot be picked from a pool that is full', () => {
    const { nodePorts, transaction } = begin(new PortRange(30000, 30000));
    nodePorts.allocate(30000, 'b');
    expect(allocateNodePorts(serviceWith(local), transaction).errors[0]?.detail).toBe(
      'failed to allocate a HealthCheck NodePort: range is full: 30000-30000',
    );
  });

  it.each([
    ['NodePort', 'Local'],
    ['LoadBalancer', 'Cluster'],
  ] as const)('is not there for %s with policy %s', (type, externalTrafficPolicy) => {
    const { nodePorts, transaction } = begin();
    const { service } = allocateNodePorts(
      serviceWith({ ...local, type, externalTrafficPolicy, ports: [] }),
      transaction,
    );
    expect(service.spec.healthCheckNodePort).toBeUndefined();
    expect(nodePorts.used).toBe(0);
  });
});

describe('the node ports of a changed Service', () => {
  const before = [port(80, 'TCP', 30080), port(443, 'TCP', 30443)];

  function update(ports: readonly ServicePortSpec[], type: ServiceSpec['type'] = 'NodePort') {
    const { nodePorts, transaction } = begin();
    const stored = serviceWith({ type: 'NodePort', ports: before });
    for (const it of before) nodePorts.allocate(it.nodePort ?? 0, OWNER);
    const step = updateNodePorts(serviceWith({ ...stored.spec, type, ports }), stored, transaction);
    return { ...step, nodePorts, transaction };
  }

  it('may trade places without being taken anew', () => {
    const { errors, transaction } = update([port(80, 'TCP', 30443), port(443, 'TCP', 30080)]);
    expect(errors).toEqual([]);
    expect(transaction.commit()).toMatchObject({ allocatedPorts: [], releasedPorts: [] });
  });

  it('may be shared when named, but are not when picked', () => {
    const { service, errors } = update([
      port(53, 'TCP', 30053),
      port(53, 'UDP', 30053),
      port(80),
      port(80, 'UDP'),
    ]);
    expect(errors).toEqual([]);
    const picked = (service.spec.ports ?? []).slice(2).map((it) => it.nodePort);
    expect(picked[0]).not.toBe(picked[1]);
  });

  it('cannot be named twice for one protocol', () => {
    expect(update([port(80, 'TCP', 30080), port(81, 'TCP', 30080)]).errors[0]).toMatchObject({
      type: 'InternalError',
      detail: 'duplicate nodePort: {TCP 30080}',
    });
  });

  it('are given back on commit, not before', () => {
    const { nodePorts, transaction } = update([port(80, 'TCP', 30080)]);
    expect(nodePorts.has(30443)).toBe(true);
    expect(transaction.commit()).toMatchObject({ allocatedPorts: [], releasedPorts: [30443] });
    expect(nodePorts.has(30443)).toBe(false);
  });

  it('are all given back by a type that has none', () => {
    const { transaction } = update(before, 'ClusterIP');
    expect(transaction.commit().releasedPorts).toEqual([30080, 30443]);
  });

  it('are back where they were when the change is reverted', () => {
    const { nodePorts, transaction } = update([port(80, 'TCP', 31000), port(81)]);
    expect(nodePorts.used).toBe(4);
    transaction.revert();
    expect(new Map(nodePorts.held())).toEqual(
      new Map([
        [30080, OWNER],
        [30443, OWNER],
      ]),
    );
  });
});
