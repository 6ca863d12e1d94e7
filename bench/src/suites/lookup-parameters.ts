import type { BalanceChoice } from '@shunt/compiler';
import type { Family } from '@shunt/model';
import type { Traffic } from '../workload/packets.js';
import type { Size } from './suite.js';

/** What is measured of services and names is around 1. */
export const ZIPF_EXPONENT = 1.05;

/** A cluster, and the packets that come. */
export interface LookupParameters {
  readonly services: number;
  readonly endpointsPerService: number;
  readonly flows: number;
  readonly traffic: Traffic;
  readonly family: Family;
  /** Of all Services. `maglev`, unless something else is the matter: then every pick reads a slot. */
  readonly balance: BalanceChoice;
}

/** Which clusters and packets to measure, those of one cluster beside each other. */
export interface LookupSizes {
  /** Flows by the count of services: packets to all alike, and by Zipf's law where `zipf` says so. */
  readonly growth: readonly { readonly services: number; readonly flows: readonly number[] }[];
  readonly zipf: boolean;
  /** The cluster for every other traffic, for IPv6 and for `auto`. */
  readonly mixed: { readonly services: number; readonly flows: number };
  /** Flow tables. */
  readonly remembered: readonly { readonly services: number; readonly flows: number }[];
}

const ZIPF: Traffic = { zipf: ZIPF_EXPONENT };
const MIXED_TRAFFIC: readonly Traffic[] = [ZIPF, 'one destination', 'node ports', 'misses'];

/** The scenarios of stateless lookups. */
export function lookupParameters({ endpointsPerService, lookups }: Size): LookupParameters[] {
  const usual = { endpointsPerService, family: 'IPv4', balance: 'maglev', traffic: 'uniform' } as const;
  const grown = lookups.growth.flatMap(({ services, flows }) =>
    flows.flatMap((count): LookupParameters[] => {
      const scenario = { ...usual, services, flows: count };
      return lookups.zipf ? [scenario, { ...scenario, traffic: ZIPF }] : [scenario];
    }),
  );
  const traffic = lookups.zipf ? MIXED_TRAFFIC.filter((each) => each !== ZIPF) : MIXED_TRAFFIC;
  const mixed = traffic.map((each): LookupParameters => ({ ...usual, ...lookups.mixed, traffic: each }));
  return [
    ...grown,
    ...mixed,
    { ...usual, ...lookups.mixed, balance: 'auto' },
    { ...usual, ...lookups.mixed, family: 'IPv6' },
  ];
}

/** In words, for a title: what is not the usual is said last. */
export function describeLookup(parameters: LookupParameters): string {
  const { services, endpointsPerService, flows, traffic, family, balance } = parameters;
  const cluster = `${count(services)} services x ${endpointsPerService} endpoints`;
  const words = [cluster, `${count(flows)} flows`, describeTraffic(traffic)];
  if (balance !== 'maglev') words.push(balance);
  if (family !== 'IPv4') words.push(family);
  return words.join(', ');
}

export function describeTraffic(traffic: Traffic): string {
  return typeof traffic === 'object' ? `Zipf ${traffic.zipf}` : traffic;
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}
