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
import type { ControllerEvent } from '../endpoints/slice-changes.js';
import { type FieldError, fieldErrorDiagnostic } from '../field-error.js';
import { LoadBalancerController } from '../load-balancer/load-balancer-controller.js';
import { needsEnsure } from '../load-balancer/needs-ensure.js';
import { AddressRanges, defaultServiceCIDR } from './address-ranges.js';
import type { ControlPlaneOptions } from './control-plane-options.js';
import { EndpointControllers } from './endpoint-controllers.js';
import { PodIndex } from './pod-index.js';
import { ServiceAdmission } from './service-admission.js';
import { keyOf, splitKey } from './service-key.js';
import { WorkQueue } from './work-queue.js';

/** What became of an object that was applied. */
export interface Applied {
  /** As it is stored now; `null` when it was refused, and then nothing has changed. */
  readonly object: KubernetesObject | null;
  /** Errors if it was refused, warnings if not. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What the controllers did since they were last asked. */
export interface Reconciliation {
  /** Everything that was written, in order. */
  readonly changes: readonly ChangeEvent[];
  readonly events: readonly RecordedEvent[];
  /** Conflicts between objects that were taken as they are, and pools without a free address. */
  readonly diagnostics: readonly Diagnostic[];
}

/** An Event that a controller would record of an object. */
export interface RecordedEvent extends ControllerEvent {
  readonly object: ObjectReference;
}

const TOPOLOGY_ANNOTATIONS = [
  'service.kubernetes.io/topology-mode',
  'service.kubernetes.io/topology-aware-hints',
];

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
  readonly #loadBalancers: LoadBalancerController;
  readonly #endpoints: EndpointControllers;
  readonly #pods = new PodIndex();
  readonly #queue = new WorkQueue();
  readonly #balancerQueue = new WorkQueue();
  /** Services that wait for an address to become free. */
  readonly #unserved = new Set<string>();
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
    this.#pending.push(...this.#ranges.observe(undefined, started));
    if (serviceCIDRs.length > 0 && named === undefined) state.upsert(started);
    this.#admission = new ServiceAdmission(state, this.#ranges.clusterIPs, options);
    this.#loadBalancers = new LoadBalancerController({ pools: loadBalancerPools });
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
    const isService =
      typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'Service';
    const checked = isService ? checkStructure(value) : checkObject(value);
    if (checked.object === null) return checked;
    const { object, diagnostics } = this.applyChecked(checked.object);
    return { object, diagnostics: [...checked.diagnostics, ...diagnostics] };
  }

  /** {@link apply} for an object whose structure is known to be right, such as one that a loader deferred. */
  applyChecked(given: KubernetesObject): Applied {
    const object = withoutNulls(given);
    if (object.kind === 'Service') {
      const service = { ...object, spec: (object as Partial<Service>).spec ?? {} } as Service;
      const admitted = this.#admission.admit(service);
      if (admitted.service !== null) this.#write(() => this.state.upsert(admitted.service as Service));
      return { object: admitted.service, diagnostics: admitted.diagnostics };
    }
    if (object.kind === 'Endpoints') return this.#applyEndpoints(object as Endpoints);
    this.state.upsert(object);
    return { object, diagnostics: [] };
  }

  /**
   * Deletes as the API server does: an object with finalizers goes when they are gone, a Service takes its
   * Endpoints with it.
   * @returns whether there was such an object
   */
  delete(reference: ObjectReference): boolean {
    const object = this.state.get(reference);
    if (object === undefined) return false;
    const held = object.kind === 'ServiceCIDR' && !this.#ranges.canRemove(object);
    const dying = held ? this.#ranges.withFinalizer(object) : object;
    if ((dying.metadata.finalizers?.length ?? 0) === 0) this.#write(() => this.#remove(object));
    else if (object.metadata.deletionTimestamp == null)
      this.#write(() => this.state.upsert(this.#dying(dying)));
    return true;
  }

  /** Runs the controllers on what has changed since the last time. Writes only what differs. */
  reconcile(): Reconciliation {
    const changes: ChangeEvent[] = [];
    const events: RecordedEvent[] = [];
    changes.push(...this.#write(() => this.#syncLoadBalancers(events)));
    for (const key of this.#queue.drain()) {
      this.#write(() => {
        const written = this.#endpoints.reconcile(key);
        changes.push(...written.changes);
        const object = { kind: 'Service', ...splitKey(key) };
        events.push(...written.events.map((event) => ({ ...event, object })));
      });
    }
    const diagnostics = this.#pending;
    this.#pending = [];
    return { changes, events, diagnostics };
  }

  /** What is questionable about the endpoints of the Services that are kept here: see {@link findEndpointProblems}. */
  findProblems(): Diagnostic[] {
    return this.state.list('Service').flatMap((service) => {
      const key = keyOf(service);
      if (!selectsPods(service) || !this.#manages(key, service)) return [];
      return findEndpointProblems(service, this.podsFor(service));
    });
  }

  /** The Pods that count for a Service, in the form that explanations of its endpoints take. */
  podsFor(service: Service): EndpointProblemsInput {
    const { namespace } = splitKey(keyOf(service));
    return {
      matching: this.#pods.podsOf(keyOf(service)).map(({ pod }) => pod),
      namespacePods: () => this.#pods.podsIn(namespace),
      otherPods: () => this.#pods.podsOutside(namespace),
      nodeOf: (name) => this.state.node(name),
      hasNodes: this.state.list('Node').length > 0,
    };
  }

  #syncLoadBalancers(events: RecordedEvent[]): ChangeEvent[] {
    const changes: ChangeEvent[] = [];
    for (const key of this.#balancerQueue.drain()) {
      const { namespace, name } = splitKey(key);
      const service = this.state.service(namespace, name);
      if (service !== undefined) changes.push(...this.#syncLoadBalancer(key, service, events));
    }
    return changes;
  }

  #syncLoadBalancer(key: string, service: Service, events: RecordedEvent[]): ChangeEvent[] {
    const object = referenceTo(service);
    const { status, finalizers, problems, events: said } = this.#loadBalancers.ensure(service);
    events.push(...said.map((event) => ({ ...event, object })));
    this.#pending.push(...problems.map((problem) => loadBalancerDiagnostic(problem, object)));
    if (problems.length > 0) this.#unserved.add(key);
    else this.#unserved.delete(key);
    const isGone = service.metadata.deletionTimestamp != null && finalizers.length === 0;
    if (isGone) return this.#remove(service);
    const sameFinalizers = finalizers.length === (service.metadata.finalizers?.length ?? 0);
    if (status === service.status && sameFinalizers) return [];
    const next: Service = { ...service, metadata: { ...service.metadata, finalizers } };
    return [this.state.upsert(status === undefined ? next : { ...next, status })];
  }

  #applyEndpoints(given: Endpoints): Applied {
    const endpoints = defaultEndpoints(given);
    const object = referenceTo(endpoints);
    const errors = validateEndpoints(withNamespace(endpoints)).map((it) => fieldErrorDiagnostic(it, object));
    if (errors.length > 0) return { object: null, diagnostics: errors };
    this.state.upsert(endpoints);
    return { object: endpoints, diagnostics: [] };
  }

  #dying(object: KubernetesObject): KubernetesObject {
    return {
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: this.#options.now?.() ?? NO_TIME },
    };
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
        if (!this.#ownWrite) this.#queue.add(keyOf((object ?? previous) as KubernetesObject));
        break;
      default:
        this.#pending.push(...this.#ranges.observe(previous, object));
    }
  }

  #observeService(previous: Service | undefined, service: Service | undefined): void {
    const key = keyOf((service ?? previous) as Service);
    if (previous === undefined) this.#managed.delete(key);
    if (service === undefined) {
      if (previous !== undefined) {
        this.#admission.release(previous);
        this.#loadBalancers.release(previous);
        this.#ranges.settle();
        this.#manages(key, previous);
      }
      this.#unserved.delete(key);
    } else if (!this.#ownWrite) {
      if (previous !== undefined) this.#admission.release(previous);
      this.#pending.push(...this.#admission.adopt(service));
      this.#loadBalancers.adopt(service);
    }
    if (service !== undefined && needsEnsure(service, previous)) this.#balancerQueue.add(key);
    if (freesAddress(previous, service)) this.#balancerQueue.addAll(this.#unserved);
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

  #observeSlice(...slices: readonly (KubernetesObject | undefined)[]): void {
    for (const slice of slices) {
      const service = slice?.metadata.labels?.[SERVICE_NAME_LABEL];
      if (slice !== undefined && service) this.#queue.add(`${namespaceOf(slice)}/${service}`);
    }
  }
}

function withNamespace(endpoints: Endpoints): Endpoints {
  return { ...endpoints, metadata: { ...endpoints.metadata, namespace: namespaceOf(endpoints) } };
}

/** Whether a change takes an address from the status of a Service, so that another one may have it. */
function freesAddress(previous: Service | undefined, service: Service | undefined): boolean {
  const listed = (it: Service | undefined): string[] =>
    (it?.status?.loadBalancer?.ingress ?? []).map(({ ip = '' }) => ip);
  const kept = listed(service);
  return listed(previous).some((ip) => !kept.includes(ip));
}

// A pool without a free address is no fault inside: the API's word for it would mislead.
function loadBalancerDiagnostic(problem: FieldError, object: ObjectReference): Diagnostic {
  const diagnostic = fieldErrorDiagnostic(problem, object);
  if (problem.type !== 'InternalError') return diagnostic;
  return { ...diagnostic, message: problem.detail };
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
