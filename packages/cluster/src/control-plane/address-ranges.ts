import {
  type Cidr,
  type ClusterState,
  type Diagnostic,
  formatCidr,
  formatReference,
  type IPAddress,
  type KubernetesObject,
  referenceTo,
  type ServiceCIDR,
} from '@shunt/model';
import { ClusterIps } from '../allocation/cluster-ips.js';

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
   * @returns an error for each range that cannot be one
   */
  observe(previous: KubernetesObject | undefined, object: KubernetesObject | undefined): Diagnostic[] {
    const kind = (object ?? previous)?.kind;
    if (kind === 'IPAddress') {
      if (previous !== undefined) this.#forget(previous as IPAddress);
      if (object !== undefined) this.clusterIPs.adopt(object.metadata.name, ownerOf(object as IPAddress));
      return [];
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
    return after.flatMap((range, index) => {
      const problem = this.clusterIPs.addCidr(range, name, isReady);
      if (problem === null) return [];
      const reference = referenceTo(object, `spec.cidrs[${index}]`);
      return [{ severity: 'error', code: 'invalid', message: problem, object: reference }];
    });
  }

  /** Whether a ServiceCIDR may go at once: no address would be left in no range. */
  canRemove(object: KubernetesObject): boolean {
    const { name } = object.metadata;
    return rangesOf(object).every((range) => this.clusterIPs.orphansOf(range, name).length === 0);
  }

  /** A ServiceCIDR as it waits for its addresses to go: nothing is allocated from it any more. */
  withFinalizer(object: KubernetesObject): KubernetesObject {
    const finalizers = [...new Set([...(object.metadata.finalizers ?? []), FINALIZER])];
    return { ...object, metadata: { ...object.metadata, finalizers } };
  }

  /** Lets those ServiceCIDRs go that were only waiting for an address that is free now. */
  settle(): void {
    for (const name of this.#dying) {
      const object = this.#state.get({ kind: 'ServiceCIDR', name });
      if (object !== undefined && this.canRemove(object)) this.#state.delete({ kind: 'ServiceCIDR', name });
    }
  }

  // The address stays with its Service if that one is still there.
  #forget(address: IPAddress): void {
    const { name, namespace } = address.spec?.parentRef ?? {};
    const isHeld = name !== undefined && this.#state.service(namespace ?? 'default', name) !== undefined;
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

function rangesOf(object: KubernetesObject | undefined): readonly string[] {
  return (object as ServiceCIDR | undefined)?.spec?.cidrs ?? [];
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
