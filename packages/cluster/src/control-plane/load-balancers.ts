import {
  type ChangeEvent,
  type ClusterState,
  type Diagnostic,
  type ObjectReference,
  referenceTo,
  type Service,
} from '@shunt/model';
import { type FieldError, fieldErrorDiagnostic } from '../field-error.js';
import { LoadBalancerController } from '../load-balancer/load-balancer-controller.js';
import type { LoadBalancerPool } from '../load-balancer/load-balancer-pool.js';
import { needsEnsure } from '../load-balancer/needs-ensure.js';
import type { Reconciliation, RecordedEvent } from './reconciliation.js';
import { keyOf, splitKey } from './service-key.js';
import { WorkQueue } from './work-queue.js';

export interface LoadBalancersOptions {
  readonly state: ClusterState;
  readonly pools: readonly LoadBalancerPool[];
  /** Takes a Service away for good, with what goes with it. */
  readonly remove: (service: Service) => readonly ChangeEvent[];
}

/** The load balancers of a state's Services: which have to be looked at, and which wait for an address. */
export class LoadBalancers {
  readonly #options: LoadBalancersOptions;
  readonly #controller: LoadBalancerController;
  readonly #queue = new WorkQueue();
  /** Services that wait for an address to become free. */
  readonly #unserved = new Set<string>();

  constructor(options: LoadBalancersOptions) {
    this.#options = options;
    this.#controller = new LoadBalancerController(options);
  }

  /**
   * Notes a change of a Service.
   * @param isForeign - whether somebody else wrote it, so that it may come with addresses
   */
  observe(previous: Service | undefined, service: Service | undefined, isForeign: boolean): void {
    if (service !== undefined) {
      if (isForeign) this.#controller.adopt(service);
      if (needsEnsure(service, previous)) this.#queue.add(keyOf(service));
    } else if (previous !== undefined) {
      this.#controller.release(previous);
      this.#unserved.delete(keyOf(previous));
      this.#queue.addAll(this.#unserved);
    }
  }

  /** Gives and takes addresses as the changes since the last time ask for. */
  reconcile(): Reconciliation {
    const result = { changes: [], events: [], diagnostics: [] };
    for (const key of this.#queue.drain()) {
      const { namespace, name } = splitKey(key);
      const service = this.#options.state.service(namespace, name);
      if (service !== undefined) this.#ensure(key, service, result);
    }
    return result;
  }

  #ensure(
    key: string,
    service: Service,
    result: {
      readonly changes: ChangeEvent[];
      readonly events: RecordedEvent[];
      readonly diagnostics: Diagnostic[];
    },
  ): void {
    const { state, remove } = this.#options;
    const object = referenceTo(service);
    const { status, finalizers, problems, events } = this.#controller.ensure(service);
    result.events.push(...events.map((event) => ({ ...event, object })));
    result.diagnostics.push(...problems.map((problem) => loadBalancerDiagnostic(problem, object)));
    if (problems.length > 0) this.#unserved.add(key);
    else this.#unserved.delete(key);
    if (givesUp(service, status)) this.#queue.addAll(this.#unserved);
    if (service.metadata.deletionTimestamp != null && finalizers.length === 0) {
      result.changes.push(...remove(service));
      return;
    }
    const sameFinalizers = finalizers.length === (service.metadata.finalizers?.length ?? 0);
    if (status === service.status && sameFinalizers) return;
    const next: Service = { ...service, metadata: { ...service.metadata, finalizers } };
    result.changes.push(state.upsert(status === undefined ? next : { ...next, status }));
  }
}

/** Whether a Service had an address that it has no more. One that is of another type now may not list it any more. */
function givesUp({ spec, status }: Service, next: Service['status']): boolean {
  if (spec.type !== 'LoadBalancer') return true;
  const kept = (next?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  return (status?.loadBalancer?.ingress ?? []).some(({ ip }) => !kept.includes(ip));
}

// A pool without a free address is no fault inside: the API's word for it would mislead.
function loadBalancerDiagnostic(problem: FieldError, object: ObjectReference): Diagnostic {
  const diagnostic = fieldErrorDiagnostic(problem, object);
  if (problem.type !== 'InternalError') return diagnostic;
  return { ...diagnostic, message: problem.detail };
}
