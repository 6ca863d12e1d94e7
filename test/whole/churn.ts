/** Changes of a cluster of some dozen Services, without an end: the same ones for the same seed. */
import type { KubernetesObject, ObjectReference } from '@shunt/model';
import type { ClusterChange } from '@shunt/testing';

const NAMESPACE = 'churn';
const HOSTS = 24;

/** Numbers by chance, below a limit. */
export type Roll = (limit: number) => number;

/** Marsaglia's xorshift of 32 bits. */
export function rollFrom(seed: number): Roll {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state = (state ^ (state << 13)) >>> 0;
    state = (state ^ (state >>> 17)) >>> 0;
    state = (state ^ (state << 5)) >>> 0;
    return state % limit;
  };
}

interface Entry {
  readonly host: number;
  readonly isReady: boolean;
}

/** Services that come and go, and whose endpoints do. */
export class Churn {
  readonly #roll: Roll;
  readonly #services: number;
  /** By the number of a Service: its endpoints in each family. */
  readonly #endpoints = new Map<number, { readonly IPv4: Entry[]; readonly IPv6: Entry[] }>();

  constructor(services: number, roll: Roll) {
    this.#services = services;
    this.#roll = roll;
  }

  /** The objects of the beginning. */
  start(): KubernetesObject[] {
    return Array.from({ length: this.#services }, (_, index) => this.#create(index)).flat();
  }

  next(): ClusterChange[] {
    const index = this.#roll(this.#services);
    const endpoints = this.#endpoints.get(index);
    if (endpoints === undefined) return this.#create(index).map(upsert);
    const kind = this.#roll(40);
    if (kind === 0) return this.#remove(index);
    if (kind === 1) return [upsert(this.#service(index))];
    const family = this.#roll(2) === 0 ? 'IPv4' : 'IPv6';
    this.#changeEndpoints(endpoints[family]);
    return [upsert(slice(index, family, endpoints[family]))];
  }

  #create(index: number): KubernetesObject[] {
    const endpoints = { IPv4: this.#someEndpoints(), IPv6: this.#someEndpoints() };
    this.#endpoints.set(index, endpoints);
    return [this.#service(index), slice(index, 'IPv4', endpoints.IPv4), slice(index, 'IPv6', endpoints.IPv6)];
  }

  #remove(index: number): ClusterChange[] {
    this.#endpoints.delete(index);
    const named = (kind: string, name: string): ClusterChange => {
      const reference: ObjectReference = { kind, namespace: NAMESPACE, name };
      return { type: 'delete', reference };
    };
    const slices = FAMILY_NAMES.map((family) => named('EndpointSlice', sliceName(index, family)));
    return [named('Service', serviceName(index)), ...slices];
  }

  #someEndpoints(): Entry[] {
    const entries: Entry[] = [];
    for (let count = this.#roll(8); count > 0; count--) this.#add(entries);
    return entries;
  }

  #changeEndpoints(entries: Entry[]): void {
    const kind = this.#roll(5);
    const which = this.#roll(Math.max(1, entries.length));
    const entry = entries[which];
    if (entry === undefined || kind < 2) this.#add(entries);
    else if (kind < 4) entries.splice(which, 1);
    else entries[which] = { ...entry, isReady: !entry.isReady };
  }

  #add(entries: Entry[]): void {
    const host = this.#roll(HOSTS);
    if (!entries.some((entry) => entry.host === host)) entries.push({ host, isReady: true });
  }

  #service(index: number): KubernetesObject {
    const roll = this.#roll;
    const protocol = ['TCP', 'UDP', 'SCTP'][index % 3];
    const hasAffinity = roll(2) === 0;
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: NAMESPACE, name: serviceName(index) },
      spec: {
        type: index % 2 === 0 ? 'NodePort' : 'ClusterIP',
        clusterIP: `172.30.1.${index}`,
        clusterIPs: [`172.30.1.${index}`, `fd00:10:96::1:${index}`],
        ipFamilies: ['IPv4', 'IPv6'],
        ports: [{ name: 'a', protocol, port: 80, ...(index % 2 === 0 ? { nodePort: 30_000 + index } : {}) }],
        externalTrafficPolicy: roll(4) === 0 ? 'Local' : 'Cluster',
        ...(roll(5) === 0 ? { externalIPs: [`203.0.113.${index}`] } : {}),
        ...(hasAffinity ? { sessionAffinity: 'ClientIP', sessionAffinityConfig: AFFINITY } : {}),
      },
    } as KubernetesObject;
  }
}

const FAMILY_NAMES = ['IPv4', 'IPv6'] as const;
const AFFINITY = { clientIP: { timeoutSeconds: 60 } };

function upsert(object: KubernetesObject): ClusterChange {
  return { type: 'upsert', object };
}

function serviceName(index: number): string {
  return `svc-${index}`;
}

function sliceName(index: number, family: string): string {
  return `${serviceName(index)}-${family.toLowerCase()}`;
}

function slice(index: number, addressType: 'IPv4' | 'IPv6', entries: readonly Entry[]): KubernetesObject {
  const protocol = ['TCP', 'UDP', 'SCTP'][index % 3];
  const addressOf = (host: number): string =>
    addressType === 'IPv4' ? `10.0.${index}.${host + 1}` : `fd00:10::${index}:${host + 1}`;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: NAMESPACE,
      name: sliceName(index, addressType),
      labels: { 'kubernetes.io/service-name': serviceName(index) },
    },
    addressType,
    ports: [{ name: 'a', protocol, port: 8080 }],
    endpoints: entries.map(({ host, isReady }) => ({
      addresses: [addressOf(host)],
      nodeName: host % 3 === 0 ? 'node-a' : 'node-b',
      conditions: { ready: isReady, serving: isReady, terminating: !isReady },
    })),
  } as KubernetesObject;
}
