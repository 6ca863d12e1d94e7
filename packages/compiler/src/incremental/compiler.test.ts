import {
  address,
  type ChangeEvent,
  ClusterState,
  cidr,
  formatAddress,
  formatCidr,
  formatDiagnostic,
  type KubernetesObject,
  type Node,
} from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { defaultConfig, type NodeView, type ProxyConfig } from '../config.js';
import { nodeView, nodeViewOf } from '../resolve/input.js';
import { isEmptyChange } from '../ruleset/change.js';
import { printRuleset } from '../ruleset/print.js';
import { servicePortName } from '../ruleset/types.js';
import { Compiler, type RulesetUpdate } from './compiler.js';

const NODE = nodeView('node-a', [address('192.168.0.2')], 'zone-a');

function service(
  name: string,
  clusterIP: string,
  more: object = {},
  metadata: object = {},
): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'ns', name, ...metadata },
    spec: { clusterIP, ports: [{ name: 'http', port: 80 }], ...more },
  } as KubernetesObject;
}

function slice(
  of: string,
  addresses: readonly string[],
  more: object = {},
  name = `${of}-1`,
): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'ns', name, labels: { 'kubernetes.io/service-name': of } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints: addresses.map((it) => ({
      addresses: [it],
      nodeName: it.endsWith('.1') ? 'node-a' : 'node-b',
    })),
    ...more,
  } as KubernetesObject;
}

/** A cluster that is watched. */
class World {
  readonly state: ClusterState;
  readonly compiler: Compiler;

  constructor(
    objects: readonly KubernetesObject[],
    config: Partial<ProxyConfig> = {},
    node: NodeView | ((state: ClusterState) => NodeView) = NODE,
  ) {
    this.state = new ClusterState(objects);
    this.compiler = new Compiler({
      state: this.state,
      node,
      config: { ...defaultConfig('nftables'), ...config },
    });
  }

  put(...objects: KubernetesObject[]): RulesetUpdate {
    return this.compiler.update(objects.map((object) => this.state.upsert(object)));
  }

  remove(...objects: KubernetesObject[]): RulesetUpdate {
    const events = objects.map(({ kind, metadata }) => this.state.delete({ kind, ...metadata }));
    return this.compiler.update(events.filter((event): event is ChangeEvent => event !== null));
  }
}

/** The service ports of a change, each by what happened to it. */
function summary({ added, removed, replaced }: RulesetUpdate): string[] {
  return [
    ...removed.map((port) => `- ${servicePortName(port)}`),
    ...added.map((port) => `+ ${servicePortName(port)}`),
    ...replaced.map(({ after }) => `~ ${servicePortName(after)}`),
  ];
}

const WEB = service('web', '10.96.0.1');
const SHOP = service('shop', '10.96.0.2');

describe('an endpoint that comes', () => {
  const world = new World([WEB, SHOP, slice('web', ['10.0.0.1']), slice('shop', ['10.0.0.9'])]);
  const before = world.compiler.ruleset;
  const update = world.put(slice('web', ['10.0.0.1', '10.0.0.2']));

  it('replaces the service port, and nothing else', () => {
    expect(summary(update)).toEqual(['~ ns/web:http']);
    expect(update.sections).toEqual({});
    expect(update.clusterIPs).toEqual({ removed: [], added: [] });
  });

  it('leaves what does not change as it is', () => {
    const [shop, web] = world.compiler.ruleset.servicePorts;
    expect(shop).toBe(before.servicePorts[0]);
    expect(web).toBe(update.replaced[0]?.after);
    expect(web?.frontends).toBe(before.servicePorts[1]?.frontends);
    expect(web?.clusterPool?.backends[0]).toEqual(before.servicePorts[1]?.clusterPool?.backends[0]);
    expect(before.servicePorts[1]?.clusterPool?.backends).toHaveLength(1);
  });

  it('gives the same ruleset as long as nothing happens', () => {
    expect(world.compiler.ruleset).toBe(world.compiler.ruleset);
  });
});

describe('nothing changes', () => {
  const label = { labels: { app: 'web' }, annotations: { note: 'x' } };

  it.each<[string, KubernetesObject]>([
    ['a label of a Service', service('web', '10.96.0.1', {}, label)],
    ['a slice that is written again', slice('web', ['10.0.0.1', '10.0.0.2'])],
    ['a slice with its endpoints in another order', slice('web', ['10.0.0.2', '10.0.0.1'])],
    ['a Pod', { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'ns', name: 'web' } }],
    ['a Node', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-a' } }],
    ['an empty slice', slice('web', [], {}, 'web-2')],
  ])('by %s', (_, object) => {
    const world = new World([WEB, slice('web', ['10.0.0.1', '10.0.0.2'])]);
    const before = world.compiler.ruleset;
    const update = world.put(object);
    expect(isEmptyChange(update)).toBe(true);
    expect(update.diagnostics).toEqual({ removed: [], added: [] });
    expect(update.udpEndpointsChanged).toBe(false);
    expect(world.compiler.ruleset).toBe(before);
  });

  it('by a Service that goes and comes again within one update', () => {
    const world = new World([WEB, slice('web', ['10.0.0.1'])]);
    const events = [
      world.state.delete({ kind: 'Service', namespace: 'ns', name: 'web' }),
      world.state.upsert(WEB),
    ];
    const update = world.compiler.update(events.filter((event): event is ChangeEvent => event !== null));
    expect(isEmptyChange(update)).toBe(true);
  });

  it('by events of objects that are long gone', () => {
    const world = new World([WEB]);
    const update = world.compiler.update([
      { type: 'deleted', previous: SHOP },
      { type: 'deleted', previous: slice('shop', []) },
    ]);
    expect(isEmptyChange(update)).toBe(true);
  });
});

describe('a slice whose label names another Service', () => {
  it('changes both of them', () => {
    const world = new World([WEB, SHOP, slice('web', ['10.0.0.1'])]);
    const moved = slice('web', ['10.0.0.1'], {
      metadata: { namespace: 'ns', name: 'web-1', labels: { 'kubernetes.io/service-name': 'shop' } },
    });
    expect(summary(world.put(moved))).toEqual(['~ ns/shop:http', '~ ns/web:http']);
    expect(world.compiler.ruleset.servicePorts.map((port) => port.hasEndpoints)).toEqual([true, false]);
  });

  it('is said to be an orphan while the Service is not there', () => {
    const world = new World([slice('web', ['10.0.0.1'])]);
    const [orphan] = world.compiler.diagnostics;
    expect(orphan?.code).toBe('orphan-slice');
    expect(world.put(WEB).diagnostics).toEqual({ removed: [orphan], added: [] });
    expect(world.compiler.diagnostics).toEqual([]);
    expect(world.remove(WEB).diagnostics).toEqual({ removed: [], added: [orphan] });
  });
});

describe('two Services on one address', () => {
  const older = service('older', '10.96.0.1', {}, { creationTimestamp: '2024-01-01T00:00:00Z' });
  const younger = service('younger', '10.96.0.1', {}, { creationTimestamp: '2024-02-01T00:00:00Z' });
  const holders = ({ compiler }: World): string[] =>
    compiler.ruleset.servicePorts.filter((it) => it.frontends.length > 0).map((it) => it.name);

  it('are settled again when the older comes', () => {
    const world = new World([younger]);
    const update = world.put(older);
    expect(summary(update)).toEqual(['+ ns/older:http', '~ ns/younger:http']);
    expect(holders(world)).toEqual(['older']);
    expect(update.clusterIPs).toEqual({ removed: [], added: [] });
    expect(update.diagnostics.added.map(formatDiagnostic)).toEqual([
      'warning: Service ns/younger: spec.clusterIP: 10.96.0.1:80/TCP belongs to Service ns/older already, which wins because it is older; no packet to it reaches this Service',
    ]);
  });

  it('let the loser have it when the winner goes, or goes elsewhere', () => {
    for (const leave of [
      (world: World) => world.remove(older),
      (world: World) => world.put(service('older', '10.96.0.7', {}, older.metadata)),
      (world: World) => world.put(service('older', 'None', {}, older.metadata)),
    ]) {
      const world = new World([older, younger]);
      const update = leave(world);
      expect(holders(world)).toContain('younger');
      expect(update.diagnostics.removed).toHaveLength(1);
      expect(world.compiler.diagnostics).toEqual([]);
    }
  });

  it('are settled again when one changes its age', () => {
    const world = new World([older, younger]);
    world.put(service('younger', '10.96.0.1', {}, { creationTimestamp: '2023-01-01T00:00:00Z' }));
    expect(holders(world)).toEqual(['younger']);
  });

  it('leave the loser alone when the endpoints of the winner change', () => {
    const world = new World([older, younger]);
    expect(summary(world.put(slice('older', ['10.0.0.1'])))).toEqual(['~ ns/older:http']);
  });
});

describe('the sections', () => {
  it('have each cluster IP as long as some service port has it', () => {
    const world = new World([WEB]);
    expect(world.put(SHOP).clusterIPs.added.map(formatAddress)).toEqual(['10.96.0.2']);
    const same = service('same', '10.96.0.2');
    expect(world.put(same).clusterIPs).toEqual({ removed: [], added: [] });
    expect(world.remove(SHOP).clusterIPs).toEqual({ removed: [], added: [] });
    expect(world.remove(same).clusterIPs.removed.map(formatAddress)).toEqual(['10.96.0.2']);
    expect(world.compiler.ruleset.clusterIPs.map(formatAddress)).toEqual(['10.96.0.1']);
  });

  it('have the service CIDRs of the ServiceCIDR objects', () => {
    const world = new World([]);
    const ranges = {
      apiVersion: 'v1',
      kind: 'ServiceCIDR',
      metadata: { name: 'a' },
      spec: { cidrs: ['10.96.0.0/16'] },
    };
    expect(world.put(ranges).sections.serviceCIDRs?.map(formatCidr)).toEqual(['10.96.0.0/16']);
    expect(world.put({ ...ranges }).sections).toEqual({});
    expect(world.remove(ranges).sections).toEqual({ serviceCIDRs: [] });
  });

  it('have no cluster-IP space in iptables mode', () => {
    const world = new World([], { mode: 'iptables', serviceCIDRs: [cidr('10.96.0.0/16')] });
    expect(world.put(WEB).clusterIPs).toEqual({ removed: [], added: [] });
    expect(world.compiler.ruleset).toMatchObject({ clusterIPs: [], serviceCIDRs: [] });
  });
});

describe('the node', () => {
  const node = (name: string, zone: string, ip: string): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
    status: { addresses: [{ type: 'InternalIP', address: ip }] },
  });
  const hinted = slice('web', [], {
    endpoints: ['zone-a', 'zone-b'].map((zone, index) => ({
      addresses: [`10.0.0.${index + 1}`],
      hints: { forZones: [{ name: zone }] },
    })),
  });
  const own = (state: ClusterState): NodeView => nodeViewOf(state.node('node-a') as Node);
  const objects = [
    WEB,
    SHOP,
    hinted,
    node('node-a', 'zone-a', '192.168.0.2'),
    node('node-b', 'zone-b', '192.168.0.3'),
  ];

  it('changes what its zone decides', () => {
    const world = new World(objects, {}, own);
    expect(summary(world.put(node('node-a', 'zone-b', '192.168.0.2')))).toEqual(['~ ns/web:http']);
    expect(world.compiler.node.zone).toBe('zone-b');
  });

  it('changes the sections that its addresses decide', () => {
    const world = new World(objects, {}, own);
    const update = world.put(node('node-a', 'zone-a', '192.168.0.7'));
    expect(summary(update)).toEqual([]);
    expect(Object.keys(update.sections).sort()).toEqual(['localAddresses', 'nodePorts']);
  });

  it('changes nothing when it is another one', () => {
    const world = new World(objects, {}, own);
    expect(isEmptyChange(world.put(node('node-b', 'zone-a', '192.168.0.9')))).toBe(true);
  });

  it('is looked at again on demand', () => {
    let addresses = [address('192.168.0.2')];
    const world = new World([WEB], {}, () => nodeView('node-a', addresses, null));
    expect(isEmptyChange(world.compiler.refreshNode())).toBe(true);
    addresses = [address('192.168.0.2'), address('192.168.1.2')];
    expect(world.compiler.refreshNode().sections.localAddresses).toEqual(addresses);
  });
});

describe('endpoints of UDP ports', () => {
  const dns = service('dns', '10.96.0.53', { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] });
  const udp = { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] };

  it('are told when they change, whether a Service uses them or not', () => {
    const world = new World([dns, WEB]);
    expect(world.put(slice('dns', ['10.0.0.1'], udp)).udpEndpointsChanged).toBe(true);
    expect(world.put(slice('dns', ['10.0.0.1'], udp)).udpEndpointsChanged).toBe(false);
    expect(world.put(slice('nobody', ['10.0.0.1'], udp)).udpEndpointsChanged).toBe(true);
    expect(world.put(slice('web', ['10.0.0.1'])).udpEndpointsChanged).toBe(false);
    expect(world.remove(dns).udpEndpointsChanged).toBe(false);
  });
});

it('prints as a compile from nothing after a thousand changes of one slice', () => {
  const world = new World([WEB, slice('web', [], {}, 'web-2')]);
  let seed = 1;
  const next = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 1_000; round++) {
    const addresses = Array.from({ length: next(9) }, () => `10.0.${next(2)}.${next(9)}`);
    const endpoints = addresses.map((it) => ({
      addresses: [it],
      conditions: { terminating: next(3) === 0 },
    }));
    world.put(slice('web', [], { endpoints }, `web-${next(3)}`));
  }
  const { state } = world;
  const fresh = new Compiler({ state, node: NODE, config: defaultConfig('nftables') });
  expect(printRuleset(world.compiler.ruleset)).toBe(printRuleset(fresh.ruleset));
});
