import {
  type ChangeEvent,
  type ClusterState,
  checkObject,
  checkStructure,
  type Diagnostic,
  type Endpoints,
  type KubernetesObject,
  type Node,
  namespaceOf,
  type ObjectReference,
  type Pod,
  referenceTo,
  SERVICE_NAME_LABEL,
  type Service,
  ZONE_LABEL,
} from '@shunt/model';
import { withoutNulls } from '../admission/decode.js';
import { defaultEndpoints } from '../admission/default-endpoints.js';
import { validateEndpoints } from '../admission/validate-endpoints.js';
import { type EndpointProblemsInput, findEndpointProblems } from '../endpoints/endpoint-problems.js';
import { selectsPods } from '../endpoints/selector.js';
import { fieldErrorDiagnostic } from '../field-error.js';
import { AddressRanges, defaultServiceCIDR } from './address-ranges.js';
import type { ControlPlaneOptions } from './control-plane-options.js';
import { EndpointControllers } from './endpoint-controllers.js';
import { LoadBalancers } from './load-balancers.js';
import { PodIndex } from './pod-index.js';
import type { Reconciliation, RecordedEvent } from './reconciliation.js';
import { ServiceAdmission } from './service-admission.js';
import { keyOf, splitKey } from './service-key.js';
import { WorkQueue } from './work-queue.js';

/** What became of an object that was applied. */
export interface Applied {
  /**
   * As it is stored now, or was last if it gave up the last finalizer that kept it; `null` when it was
   * refused, and then nothing has changed.
   */
  readonly object: KubernetesObject | null;
  /** Errors if it was refused, warnings if not. */
  readonly diagnostics: readonly Diagnostic[];
}

const TOPOLOGY_ANNOTATIONS = [
  'service.kubernetes.io/topology-mode',
  'service.kubernetes.io/topology-aware-hints',
];

/**
 * How often labels are compared with selectors that match nothing, for all Services together: with
 * thousands of such Services, hints at what each may mean would take minutes.
 */
const COMPARISONS = 1_000_000;
/** The same for one Service. */
const MOST_COMPARED = 1_000;

/** A deletion that no clock was given for happened at the beginning of time. */
const NO_TIME = '1970-01-01T00:00:00Z';

/**
 * The Service control plane over a cluster state: the API server's admission for what is applied, and the
 * controllers that keep endpoints and load balancers. Objects that are in the state already, or are put
 * there by somebody else, are taken as they are. The state is watched: {@link reconcile} looks again only
 * at what its changes touch.
 */
export class ControlPlane {
  readonly state: ClusterState;
  readonly #options: ControlPlaneOptions;
  readonly #ranges: AddressRanges;
  readonly #admission: ServiceAdmission;
  readonly #loadBalancers: LoadBalancers;
  readonly #endpoints: EndpointControllers;
  readonly #pods = new PodIndex();
  readonly #queue = new WorkQueue();
  readonly #managed = new Map<string, boolean>();
  readonly #hinted = new Set<string>();
  #pending: Diagnostic[] = [];
  #ownWrite = false;

  constructor(state: ClusterState, options: ControlPlaneOptions = {}) {
    const { seed = 0, maxEndpointsPerSlice = 100, loadBalancerPools = [], serviceCIDRs = [] } = options;
    this.state = state;
    this.#options = options;
    this.#ranges = new AddressRanges(state);
    const named = state.get({ kind: 'ServiceCIDR', name: 'kubernetes' });
    const started = defaultServiceCIDR(serviceCIDRs);
    // The first range tells the default family, also where the state has ranges of its own.
    this.#pending.push(...this.#ranges.observe(undefined, started));
    if (named !== undefined) this.#ranges.observe(started, undefined);
    else if (serviceCIDRs.length > 0) state.upsert(started);
    this.#admission = new ServiceAdmission(state, this.#ranges.clusterIPs, options);
    this.#loadBalancers = new LoadBalancers({
      state,
      pools: loadBalancerPools,
      remove: (service) => this.#remove(service),
    });
    this.#endpoints = new EndpointControllers({
      state,
      pods: this.#pods,
      seed,
      maxEndpointsPerSlice,
      manages: (key, service) => this.#manages(key, service),
    });
    state.subscribe((event) => this.#observe(event));
    this.#takeOver();
  }

  /**
   * Creates an object or replaces the one of its name, as the API server does. All that is wrong is said
   * at once; a refused object changes nothing.
   * @param value - any value; nothing throws
   */
  apply(value: unknown): Applied {
    const checked = isAdmitted(value) ? checkStructure(value) : checkObject(value);
    if (checked.object === null) return checked;
    const { object, diagnostics } = this.applyChecked(checked.object);
    return { object, diagnostics: [...checked.diagnostics, ...diagnostics] };
  }

  /** {@link apply} for an object whose structure is known to be right, such as one that a loader deferred. */
  applyChecked(given: KubernetesObject): Applied {
    const object = withoutNulls(given);
    const stored = this.state.get(referenceTo(object));
    const admitted = this.#admit(object, stored);
    if (admitted.object !== null) this.#store(admitted.object, stored);
    return admitted;
  }

  /**
   * Deletes as the API server does: an object with finalizers goes when they are gone, a Service takes its
   * Endpoints with it, and a ServiceCIDR waits for the addresses that are in no other.
   * @returns whether there was such an object
   */
  delete(reference: ObjectReference): boolean {
    const object = this.state.get(reference);
    if (object === undefined) return false;
    const finalizers = this.#ranges.finalizersOf(object);
    if (finalizers.length === 0) this.#remove(object);
    else if (object.metadata.deletionTimestamp == null) this.#setDying(object, finalizers);
    return true;
  }

  /** Runs the controllers on what has changed since the last time. Writes only what differs. */
  reconcile(): Reconciliation {
    const balanced = this.#write(() => this.#loadBalancers.reconcile());
    const changes: ChangeEvent[] = [...balanced.changes];
    const events: RecordedEvent[] = [...balanced.events];
    for (const key of this.#queue.drain()) {
      this.#write(() => {
        const written = this.#endpoints.reconcile(key);
        changes.push(...written.changes);
        const object = { kind: 'Service', ...splitKey(key) };
        events.push(...written.events.map((event) => ({ ...event, object })));
      });
    }
    changes.push(...this.#ranges.settle());
    const diagnostics = [...this.#pending, ...balanced.diagnostics];
    this.#pending = [];
    return { changes, events, diagnostics };
  }

  /** What is questionable about the endpoints of the Services that are kept here: see {@link findEndpointProblems}. */
  findProblems(): Diagnostic[] {
    const kept = this.state
      .list('Service')
      .filter((service) => selectsPods(service) && this.#manages(keyOf(service), service));
    const lost = kept.filter((service) => this.#pods.podsOf(keyOf(service)).length === 0);
    const maxCompared = Math.min(MOST_COMPARED, Math.ceil(COMPARISONS / lost.length));
    return kept.flatMap((service) =>
      findEndpointProblems(service, { ...this.podsFor(service), maxCompared }),
    );
  }

  /** The Pods that count for a Service, in the form that explanations of its endpoints take. */
  podsFor(service: Service): EndpointProblemsInput {
    const { namespace } = splitKey(keyOf(service));
    return {
      matching: this.#pods.podsOf(keyOf(service)).map(({ pod }) => pod),
      namespacePods: () => this.#pods.podsIn(namespace),
      otherPods: () => this.#pods.matchingOutside(namespace, service.spec.selector ?? {}),
      nodeOf: (name) => this.state.node(name),
      hasNodes: this.state.count('Node') > 0,
    };
  }

  #admit(object: KubernetesObject, stored: KubernetesObject | undefined): Applied {
    if (object.kind === 'Service') {
      const service = { ...object, spec: (object as Partial<Service>).spec ?? {} } as Service;
      const { service: admitted, diagnostics } = this.#admission.admit(service);
      return { object: admitted, diagnostics };
    }
    if (object.kind === 'Endpoints') return admitEndpoints(stillDying(object, stored) as Endpoints);
    const diagnostics = this.#ranges.problemsOf(object);
    return { object: diagnostics.length > 0 ? null : stillDying(object, stored), diagnostics };
  }

  /** Writes what was admitted; what gave up the last finalizer that kept it goes. */
  #store(object: KubernetesObject, stored: KubernetesObject | undefined): void {
    if (object.kind === 'Service') this.#write(() => this.state.upsert(object));
    else this.state.upsert(object);
    const isFree = object.metadata.deletionTimestamp != null && !hasFinalizers(object);
    if (isFree && hasFinalizers(stored)) this.#remove(object);
  }

  #setDying(object: KubernetesObject, finalizers: readonly string[]): void {
    const deletionTimestamp = this.#options.now?.() ?? NO_TIME;
    this.#store({ ...object, metadata: { ...object.metadata, deletionTimestamp, finalizers } }, object);
  }

  #remove(object: KubernetesObject): ChangeEvent[] {
    const gone = [this.state.delete(referenceTo(object))];
    if (object.kind === 'Service')
      gone.push(this.state.delete({ ...referenceTo(object), kind: 'Endpoints' }));
    return gone.filter((event) => event !== null);
  }

  /**
   * Whether the controllers keep the endpoints of a Service: settled when it is first seen, and still so
   * when it is gone. What belongs to one that was never there is nobody's but that of controllers that
   * keep everything.
   */
  #manages(key: string, service: Service | undefined): boolean {
    const { managesEndpoints } = this.#options;
    if (managesEndpoints === undefined) return true;
    let manages = this.#managed.get(key);
    if (manages === undefined) {
      if (service === undefined) return false;
      const { namespace, name } = splitKey(key);
      manages = managesEndpoints(service, this.state.slicesOf(namespace, name));
      this.#managed.set(key, manages);
    }
    return manages;
  }

  #write<Result>(write: () => Result): Result {
    const outer = this.#ownWrite;
    this.#ownWrite = true;
    try {
      return write();
    } finally {
      this.#ownWrite = outer;
    }
  }

  // Addresses that an object says are taken come before the Services that may contend for them, and of
  // those the older ones come first.
  #takeOver(): void {
    const first = ['ServiceCIDR', 'IPAddress'];
    const services = this.state.list('Service').sort(byAge);
    const others = [...this.state].filter(({ kind }) => kind !== 'Service' && !first.includes(kind));
    const ranges = first.flatMap((kind) => this.state.list(kind));
    for (const object of [...ranges, ...services, ...others]) this.#observe({ type: 'added', object });
  }

  #observe(event: ChangeEvent): void {
    const object = event.type === 'deleted' ? undefined : event.object;
    const previous = event.type === 'added' ? undefined : event.previous;
    const { kind } = (object ?? previous) as KubernetesObject;
    switch (kind) {
      case 'Service':
        this.#observeService(previous as Service | undefined, object as Service | undefined);
        break;
      case 'Pod':
        this.#observePod(previous as Pod | undefined, object as Pod | undefined);
        break;
      case 'Node':
        this.#observeNode(previous as Node | undefined, object as Node | undefined);
        break;
      case 'EndpointSlice':
        if (!this.#ownWrite) this.#observeSlice(previous, object);
        break;
      case 'Endpoints':
        this.#observeEndpoints(previous, object);
        break;
      default:
        this.#pending.push(...this.#ranges.observe(previous, object));
        if (previous !== undefined) this.#admission.retryContested();
    }
  }

  #observeService(previous: Service | undefined, service: Service | undefined): void {
    const key = keyOf((service ?? previous) as Service);
    const isForeign = !this.#ownWrite;
    if (previous === undefined) this.#managed.delete(key);
    else if (isForeign || service === undefined) this.#admission.release(previous);
    if (service === undefined) {
      if (previous !== undefined) this.#manages(key, previous);
      this.#endpoints.orphan(key);
    } else if (isForeign) this.#pending.push(...this.#admission.adopt(service));
    if (previous !== undefined) {
      this.#ranges.forgetAddresses(previous, service);
      this.#admission.retryContested();
    }
    this.#loadBalancers.observe(previous, service, isForeign);
    const annotations = service?.metadata.annotations ?? {};
    if (TOPOLOGY_ANNOTATIONS.some((name) => name in annotations)) this.#hinted.add(key);
    else this.#hinted.delete(key);
    this.#pods.setService(key, service);
    this.#queue.add(key);
  }

  #observePod(previous: Pod | undefined, pod: Pod | undefined): void {
    this.#queue.addAll(this.#pods.setPod(previous, pod));
  }

  #observeNode(previous: Node | undefined, node: Node | undefined): void {
    const zoneOf = (it: Node | undefined): string | undefined => it?.metadata.labels?.[ZONE_LABEL];
    const { name } = (node ?? (previous as Node)).metadata;
    const isNews = (previous === undefined) !== (node === undefined) || zoneOf(previous) !== zoneOf(node);
    if (isNews) this.#queue.addAll(this.#pods.servicesOn(name));
    this.#queue.addAll(this.#hinted);
  }

  #observeEndpoints(previous: KubernetesObject | undefined, endpoints: KubernetesObject | undefined): void {
    const key = keyOf((endpoints ?? previous) as KubernetesObject);
    if (endpoints === undefined) this.#endpoints.orphan(key);
    if (!this.#ownWrite) this.#queue.add(key);
  }

  #observeSlice(...slices: readonly (KubernetesObject | undefined)[]): void {
    for (const slice of slices) {
      const service = slice?.metadata.labels?.[SERVICE_NAME_LABEL];
      if (slice !== undefined && service) this.#queue.add(`${namespaceOf(slice)}/${service}`);
    }
  }
}

/** Whether values of an object are for admission to judge, so that decoding leaves them aside. */
function isAdmitted(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { kind } = value as { readonly kind?: unknown };
  return kind === 'Service' || kind === 'Endpoints';
}

function hasFinalizers(object: KubernetesObject | undefined): boolean {
  return (object?.metadata.finalizers?.length ?? 0) > 0;
}

/** An object that finalizers keep stays one that is to go, and keeps those that it does not name, whoever writes it. */
function stillDying(object: KubernetesObject, stored: KubernetesObject | undefined): KubernetesObject {
  const { deletionTimestamp, finalizers = [] } = stored?.metadata ?? {};
  if (deletionTimestamp == null || finalizers.length === 0) return object;
  return { ...object, metadata: { finalizers, ...object.metadata, deletionTimestamp } };
}

function admitEndpoints(given: Endpoints): Applied {
  const endpoints = defaultEndpoints(given);
  const object = referenceTo(endpoints);
  const namespaced = { ...endpoints, metadata: { ...endpoints.metadata, namespace: namespaceOf(endpoints) } };
  const diagnostics = validateEndpoints(namespaced).map((it) => fieldErrorDiagnostic(it, object));
  return { object: diagnostics.length > 0 ? null : endpoints, diagnostics };
}

function byAge(a: Service, b: Service): number {
  const [first, second] = [timeOf(a), timeOf(b)];
  if (first !== second) return first < second ? -1 : 1;
  return keyOf(a) < keyOf(b) ? -1 : 1;
}

// Without a time an object is younger than all that have one.
function timeOf({ metadata }: Service): string {
  return metadata.creationTimestamp ?? '~';
}
