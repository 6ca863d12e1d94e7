/** The packets that a generated ruleset is asked about: from and to whatever it names, and a little beside it. */
import type { Ruleset } from '@shunt/compiler';
import {
  type Address,
  address,
  cidrLast,
  FAMILIES,
  type Family,
  familyOf,
  type Packet,
  type Protocol,
  SERVICE_PROTOCOLS,
} from '@shunt/model';
import * as fc from 'fast-check';
import type { Probe } from './probe-packet.js';
import { asProbes } from './probes-of-scenario.js';

type Aim = Pick<Packet, 'protocol' | 'destination' | 'destinationPort'>;

const LOOPBACK: Readonly<Record<Family, readonly string[]>> = {
  IPv4: ['127.0.0.1', '127.1.2.3'],
  IPv6: ['::1'],
};
const STRANGERS: Readonly<Record<Family, readonly string[]>> = {
  IPv4: ['198.51.100.7', '10.96.0.250', '10.97.0.9'],
  IPv6: ['2600:5200::1', 'fd00:96::fa'],
};
const UNUSED_PORT = 9;

/** Draws up to `count` probes, the same for the same seed. */
export function probesOfRuleset(ruleset: Ruleset, seed: number, count: number): Probe[] {
  const roll = fc.nat({ max: 0xffff });
  const rolls = fc.record({
    isAimed: fc.integer({ min: 0, max: 9 }).map((value) => value < 8),
    aim: roll,
    port: roll,
    source: roll,
    sourcePort: fc.integer({ min: 1024, max: 65535 }),
    protocol: fc.constantFrom<Protocol>(...SERVICE_PROTOCOLS, 'ICMP'),
  });
  const [aims, places] = [aimsOf(ruleset), placesOf(ruleset)];
  const ports = [...aims.map(({ destinationPort }) => destinationPort), UNUSED_PORT];
  const drawn = fc.sample(rolls, { seed, numRuns: count }).map(({ protocol, ...rolled }): Packet => {
    const beside = {
      protocol,
      destination: choose(places, rolled.aim),
      destinationPort: protocol === 'ICMP' ? 0 : choose(ports, rolled.port),
    };
    const aim = rolled.isAimed && aims.length > 0 ? choose(aims, rolled.aim) : beside;
    const family = familyOf(aim.destination);
    const sources = places.filter((place) => familyOf(place) === family);
    const source = choose(sources, rolled.source);
    return aim.protocol === 'ICMP' ? { ...aim, source } : { ...aim, source, sourcePort: rolled.sourcePort };
  });
  return asProbes(drawn, ruleset.localAddresses);
}

function aimsOf(ruleset: Ruleset): Aim[] {
  const nodeAddresses = new Set<Address>([
    ...ruleset.localAddresses,
    ...FAMILIES.flatMap((family) => LOOPBACK[family].map(address)),
    ...FAMILIES.flatMap((family) => {
      const { match } = ruleset.nodePorts[family];
      return match === 'local' ? [] : match;
    }),
  ]);
  return ruleset.servicePorts.flatMap(({ family, frontends, protocol: own }) =>
    frontends.flatMap((frontend): Aim[] => {
      const protocol = frontend.kind === 'healthCheckNodePort' ? 'TCP' : own;
      const destinations =
        frontend.address === null
          ? [...nodeAddresses].filter((place) => familyOf(place) === family)
          : [frontend.address];
      return destinations.map((destination) => ({ protocol, destination, destinationPort: frontend.port }));
    }),
  );
}

/** Every address that means something, and one beside each range. */
function placesOf(ruleset: Ruleset): Address[] {
  const { servicePorts, localAddresses, clusterIPs, podCIDRs, serviceCIDRs } = ruleset;
  const pools = servicePorts.flatMap(({ clusterPool, localPool }) => [clusterPool, localPool]);
  const ranges = servicePorts.flatMap(({ frontends }) =>
    frontends.flatMap(({ sourceRanges }) => sourceRanges ?? []),
  );
  const edges = [...ranges, ...podCIDRs, ...serviceCIDRs].flatMap((range) => {
    const last = cidrLast(range);
    return [range.base, last, typeof last === 'number' ? (last + 1) % 2 ** 32 : last + 1n];
  });
  return [
    ...new Set([
      ...pools.flatMap((pool) => pool?.backends.map((backend) => backend.address) ?? []),
      ...servicePorts.flatMap(({ frontends }) => frontends.flatMap((frontend) => frontend.address ?? [])),
      ...localAddresses,
      ...clusterIPs,
      ...edges.filter((edge) => typeof edge === 'number' || edge < 1n << 128n),
      ...FAMILIES.flatMap((family) => [...LOOPBACK[family], ...STRANGERS[family]].map(address)),
    ]),
  ];
}

function choose<T>(items: readonly T[], rolled: number): T {
  const item = items[rolled % items.length];
  if (item === undefined) throw new RangeError('there is nothing to choose from');
  return item;
}
