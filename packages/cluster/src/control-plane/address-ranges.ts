import {
  type ChangeEvent,
  type Cidr,
  type ClusterState,
  type Diagnostic,
  formatAddress,
  formatCidr,
  formatReference,
  type IPAddress,
  type KubernetesObject,
  parseAddress,
  referenceTo,
  type Service,
  type ServiceCIDR,
} from '@shunt/model';
import { ClusterIps } from '../allocation/cluster-ips.js';
import { IpRange } from '../allocation/ip-range.js';

/** The ServiceCIDR that an API server makes of the ranges it was started with. */
const DEFAULT_NAME = 'kubernetes';

/** What keeps a ServiceCIDR until no address in it is in use (semantics 3.11). */
const FINALIZER = 'networking.k8s.io/service-cidr-finalizer';

/** The ServiceCIDR and IPAddress objects of a state, as the allocator of cluster IPs sees them. */
export class AddressRanges {
  readonly clusterIPs = new ClusterIps();
  readonly #state: ClusterState;
  /** ServiceCIDRs that go when their last address does, by name. */
  readonly #dying = new Set<string>();

  constructor(state: ClusterState) {
    this.#state = state;
  }

  /**
   * Notes a change of a ServiceCIDR or an IPAddress; other objects are none of its business.
   * @returns an error for each range that cannot be one, a warning for an address that somebody else holds
   */
  observe(previous: KubernetesObject | undefined, object: KubernetesObject | undefined): Diagnostic[] {
    const kind = (object ?? previous)?.kind;
    if (kind === 'IPAddress') {
      return this.#observeAddress(previous as IPAddress | undefined, object as IPAddress | undefined);
    }
    if (kind !== 'ServiceCIDR') return [];
    const { name } = (object ?? (previous as KubernetesObject)).metadata;
    const before = rangesOf(previous);
    const after = rangesOf(object);
    for (const range of before) if (!after.includes(range)) this.clusterIPs.removeCidr(range, name);
    this.#dying.delete(name);
    if (object === undefined) return [];
    if (object.metadata.deletionTimestamp != null) this.#dying.add(name);
    const isReady = isReadyRange(object as ServiceCIDR);
    for (const range of after) this.clusterIPs.addCidr(range, name, isReady);
    return this.problemsOf(object);
  }

  /** An error for each range of a ServiceCIDR that cannot be one; nothing is wrong with other objects. */
  problemsOf(object: KubernetesObject): Diagnostic[] {
    return rangesOf(object).flatMap((range, index): Diagnostic[] => {
      const { problem } = IpRange.open(range);
      if (problem === null) return [];
      const reference = referenceTo(object, `spec.cidrs[${index}]`);
      return [{ severity: 'error', code: 'invalid', message: problem, object: reference }];
    });
  }

  /** What keeps an object that is to be deleted: for a ServiceCIDR, addresses that would be in no range any more. */
  finalizersOf(object: KubernetesObject): readonly string[] {
    const { finalizers = [], name } = object.metadata;
    if (object.kind !== 'ServiceCIDR') return finalizers;
    const others = finalizers.filter((it) => it !== FINALIZER);
    const isEmpty = rangesOf(object).every((range) => this.clusterIPs.orphansOf(range, name).length === 0);
    return isEmpty ? others : [...others, FINALIZER];
  }

  /** Lets those ServiceCIDRs go that were only waiting for addresses that are free now. */
  settle(): ChangeEvent[] {
    const changes: (ChangeEvent | null)[] = [];
    for (const name of [...this.#dying]) {
      const object = this.#state.get({ kind: 'ServiceCIDR', name });
      if (object === undefined) continue;
      const finalizers = this.finalizersOf(object);
      if (finalizers.length === 0) changes.push(this.#state.delete(referenceTo(object)));
      else if (finalizers.length !== object.metadata.finalizers?.length) {
        changes.push(this.#state.upsert({ ...object, metadata: { ...object.metadata, finalizers } }));
      }
    }
    return changes.filter((change) => change !== null);
  }

  /** Takes the IPAddress objects away of what a Service had and has no more. */
  forgetAddresses(previous: Service, service: Service | undefined): void {
    const kept = clusterIPsOf(service);
    for (const name of clusterIPsOf(previous)) {
      if (kept.includes(name)) continue;
      const address = this.#state.get({ kind: 'IPAddress', name }) as IPAddress | undefined;
      if (address === undefined || ownerOf(address) !== formatReference(referenceTo(previous))) continue;
      this.#state.delete({ kind: 'IPAddress', name });
    }
  }

  #observeAddress(previous: IPAddress | undefined, object: IPAddress | undefined): Diagnostic[] {
    if (previous !== undefined) this.#forget(previous);
    if (object === undefined) return [];
    const error = this.clusterIPs.adopt(object.metadata.name, ownerOf(object));
    if (error === null) return [];
    return [{ severity: 'warning', code: 'invalid', message: error.message, object: referenceTo(object) }];
  }

  // The address stays with its Service as long as that one lists it.
  #forget(address: IPAddress): void {
    const { name, namespace } = address.spec?.parentRef ?? {};
    const service = name === undefined ? undefined : this.#state.service(namespace ?? 'default', name);
    const isHeld = clusterIPsOf(service).includes(address.metadata.name);
    if (!isHeld) this.clusterIPs.release(address.metadata.name, ownerOf(address));
  }
}

/** The ServiceCIDR for the ranges that an API server is started with. */
export function defaultServiceCIDR(ranges: readonly Cidr[]): ServiceCIDR {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: DEFAULT_NAME },
    spec: { cidrs: ranges.map(formatCidr) },
  };
}

/** The cluster IPs that a Service lists, canonical: the names of their IPAddress objects. */
function clusterIPsOf(service: Service | undefined): string[] {
  return (service?.spec.clusterIPs ?? []).flatMap((text) => {
    const address = parseAddress(text);
    return address === null ? [] : [formatAddress(address)];
  });
}

function rangesOf(object: KubernetesObject | undefined): readonly string[] {
  return object?.kind === 'ServiceCIDR' ? ((object as ServiceCIDR).spec?.cidrs ?? []) : [];
}

// A missing condition counts as ready (semantics 3.8).
function isReadyRange({ metadata, status }: ServiceCIDR): boolean {
  if (metadata.deletionTimestamp != null) return false;
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  return condition === undefined || condition.status === 'True';
}

/** The holder's name as admission writes it, so that an address and its Service do not contend. */
function ownerOf({ metadata, spec }: IPAddress): string {
  const { resource, namespace, name } = spec?.parentRef ?? {};
  if (name === undefined || resource !== 'services') {
    return formatReference({ kind: 'IPAddress', name: metadata.name });
  }
  return formatReference({ kind: 'Service', namespace: namespace ?? 'default', name });
}
