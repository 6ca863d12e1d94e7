import { resolve } from '@shunt/compiler';
import { ClusterState, cidrContains } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { generateCluster } from './cluster.js';
import { generatePackets, type Traffic } from './packets.js';
import { seededRandom } from './random.js';

const SIZE = { services: 300, endpointsPerService: 10 };

describe('the generated cluster', () => {
  const cluster = generateCluster(seededRandom(1), SIZE);
  const state = new ClusterState(cluster.objects);
  const resolution = resolve({ state, node: cluster.node, config: cluster.config });

  it('is the same for the same seed, and another for another', () => {
    expect(generateCluster(seededRandom(1), SIZE)).toEqual(cluster);
    expect(generateCluster(seededRandom(2), SIZE)).not.toEqual(cluster);
  });

  it('compiles without a warning', () => {
    expect(resolution.diagnostics).toEqual([]);
  });

  it('has ten backends behind every service port', () => {
    const pools = resolution.ruleset.servicePorts.map(({ clusterPool }) => clusterPool?.backends.length);
    expect(new Set(pools)).toEqual(new Set([10]));
  });

  it('has a frontend for every destination', () => {
    const frontends = resolution.ruleset.servicePorts
      .filter(({ family }) => family === 'IPv4')
      .flatMap((port) => port.frontends.filter(({ kind }) => kind !== 'healthCheckNodePort'));
    expect(frontends.length).toBe(cluster.destinations.length);
  });

  it('has every kind of frontend, both families, source ranges and both external policies', () => {
    const { servicePorts } = resolution.ruleset;
    const frontends = servicePorts.flatMap((port) => port.frontends);
    expect(new Set(frontends.map(({ kind }) => kind))).toEqual(
      new Set(['clusterIP', 'nodePort', 'loadBalancerIP']),
    );
    expect(new Set(servicePorts.map(({ family }) => family))).toEqual(new Set(['IPv4', 'IPv6']));
    expect(new Set(servicePorts.map(({ externalTrafficPolicy }) => externalTrafficPolicy)).size).toBe(2);
    expect(frontends.some(({ sourceRanges }) => sourceRanges !== null)).toBe(true);
  });

  it('refuses more Services than it has node ports for', () => {
    expect(() => generateCluster(seededRandom(1), { services: 400_000, endpointsPerService: 1 })).toThrow(
      RangeError,
    );
  });
});

describe('the generated cluster of IPv6', () => {
  const cluster = generateCluster(seededRandom(1), { ...SIZE, family: 'IPv6', balance: 'maglev' });
  const state = new ClusterState(cluster.objects);
  const { ruleset, diagnostics } = resolve({ state, node: cluster.node, config: cluster.config });

  it('has the frontends of the one of IPv4, and nothing of IPv4', () => {
    const ipv4 = generateCluster(seededRandom(1), SIZE);
    expect(diagnostics).toEqual([]);
    expect(cluster.destinations.map(({ kind, port }) => ({ kind, port }))).toEqual(
      ipv4.destinations.map(({ kind, port }) => ({ kind, port })),
    );
    expect(new Set(ruleset.servicePorts.map(({ family }) => family))).toEqual(new Set(['IPv6']));
    const ports = ruleset.servicePorts.flatMap(({ frontends }) => frontends);
    expect(ports.filter(({ kind }) => kind !== 'healthCheckNodePort')).toHaveLength(
      cluster.destinations.length,
    );
  });

  it('has the strategy that was asked for', () => {
    expect(new Set(ruleset.servicePorts.map(({ clusterPool }) => clusterPool?.strategy))).toEqual(
      new Set(['maglev']),
    );
  });

  it('gets packets from everywhere', () => {
    const { objects, family } = generatePackets(seededRandom(2), cluster, 1_000, 'uniform');
    expect(family).toBe('IPv6');
    expect(objects.every(({ source, destination }) => typeof source === 'bigint' && destination !== 0)).toBe(
      true,
    );
    const { podCIDRs, localAddresses } = ruleset;
    const fromPods = objects.filter(({ source }) => podCIDRs.some((range) => cidrContains(range, source)));
    expect(fromPods.length / 1_000).toBeCloseTo(0.7, 1);
    expect(objects.filter(({ source }) => localAddresses.includes(source)).length / 1_000).toBeCloseTo(
      0.1,
      1,
    );
  });
});

describe('the generated packets', () => {
  const cluster = generateCluster(seededRandom(1), SIZE);
  const packets = generatePackets(seededRandom(2), cluster, 4_000, 'uniform');

  it('are the same for the same seed', () => {
    expect(generatePackets(seededRandom(2), cluster, 4_000, 'uniform')).toEqual(packets);
  });

  it('are of distinct flows', () => {
    expect(new Set(packets.objects.map((packet) => JSON.stringify(packet))).size).toBe(4_000);
  });

  it('miss every frontend once in 16 times', () => {
    const frontends = new Set(cluster.destinations.map(({ address, port }) => `${address} ${port}`));
    const misses = packets.objects.filter(
      ({ destination, destinationPort }) => !frontends.has(`${destination} ${destinationPort}`),
    );
    expect(misses.length / 4_000).toBeGreaterThan(0.05);
    expect(misses.length / 4_000).toBeLessThan(0.075);
  });

  it('come from pods, the node and outside, seven to one to two', () => {
    const node = cluster.node.addresses[0];
    const fromNode = packets.objects.filter(({ source }) => source === node).length / 4_000;
    const fromPods = packets.objects.filter(({ source }) => (source as number) >>> 24 === 10).length / 4_000;
    expect(fromNode).toBeCloseTo(0.1, 1);
    expect(fromPods).toBeCloseTo(0.7, 1);
  });

  it('go where the traffic says', () => {
    const kindOf = new Map(cluster.destinations.map((each) => [`${each.address} ${each.port}`, each.kind]));
    const kinds = (traffic: Traffic) => {
      const { objects } = generatePackets(seededRandom(2), cluster, 1_000, traffic);
      const all = objects.map((packet) => kindOf.get(`${packet.destination} ${packet.destinationPort}`));
      return { all: new Set(all), places: new Set(objects.map(({ destination }) => destination)) };
    };
    expect(kinds('uniform').all).toEqual(new Set(['clusterIP', 'nodePort', 'loadBalancerIP', undefined]));
    expect(kinds('node ports').all).toEqual(new Set(['nodePort', undefined]));
    expect(kinds('one destination').all).toEqual(new Set(['clusterIP', undefined]));
    expect(kinds('one destination').places.size).toBeLessThan(100);
    expect(kinds('misses').all).toEqual(new Set([undefined]));
  });
});
