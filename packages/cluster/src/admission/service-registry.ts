import { formatReference, namespaceOf, type ObjectMeta, type Service } from '@shunt/model';
import { allocateForCreate, allocateForUpdate } from '../allocation/allocate-service.js';
import {
  type AllocationChanges,
  AllocationTransaction,
  NO_CHANGES,
  type ServicePools,
} from '../allocation/allocation-transaction.js';
import type { AllocationStep } from '../allocation/families.js';
import { needsClusterIPs, needsNodePorts } from '../allocation/service-needs.js';
import { type FieldError, invalid } from '../field-error.js';
import type { RandomSource } from '../random.js';
import { withFields } from '../with-fields.js';
import { alignClusterIPs, carryAllocatedOver } from './carry-over.js';
import { defaultService, defaultServiceOnRead } from './default-service.js';
import { dropTypeDependentFields } from './drop-fields.js';
import { needsHealthCheck, specOf } from './service-kind.js';
import { validateService } from './validate-service.js';
import { validateServiceUpdate } from './validate-service-update.js';

/** What became of a request to create or update a Service. */
export type Admission =
  | {
      /** As it is stored now: defaulted, with all that was allocated to it. */
      readonly service: Service;
      readonly errors: readonly [];
      readonly changes: AllocationChanges;
    }
  | {
      readonly service: null;
      /** At least one. Nothing has changed. */
      readonly errors: readonly FieldError[];
      readonly changes: AllocationChanges;
    };

export interface AdmissionOptions {
  /** Answers as if, and keeps nothing. */
  readonly dryRun?: boolean;
}

const HEALTH_CHECK = 'spec.healthCheckNodePort';

/**
 * What the API server does with a Service between the request and the store: it fills in, allocates,
 * validates, and takes all of it back when something is wrong. Objects are the caller's to keep, and so
 * are `uid`, `resourceVersion` and `creationTimestamp`; here is only who holds which address and port.
 * Source: pkg/registry/core/service/storage/storage.go, strategy.go.
 */
export class ServiceRegistry {
  readonly #pools: ServicePools;

  constructor(pools: ServicePools) {
    this.#pools = pools;
  }

  /** @param random - picks addresses and ports; the same numbers make the same picks */
  create(service: Service, random: RandomSource, options: AdmissionOptions = {}): Admission {
    const asked = alignClusterIPs(defaultService(inNamespace(service, 'default')), null);
    const transaction = this.#begin(asked, random, options);
    const context = { cluster: this.#pools.clusterIPs, transaction };
    const step = allocateForCreate(asked, context);
    const prepared = withFields(step.service, { status: { loadBalancer: {} } });
    return conclude(prepared, step, validateService(prepared), transaction);
  }

  /**
   * @param service - the whole new object, as a PUT sends it
   * @param stored - the object before, with what it holds
   */
  update(service: Service, stored: Service, random: RandomSource, options: AdmissionOptions = {}): Admission {
    const cluster = this.#pools.clusterIPs;
    const before = defaultServiceOnRead(
      defaultService(inNamespace(stored, 'default')),
      cluster.defaultFamily,
    );
    const sent = defaultService(inNamespace(service, namespaceOf(before)));
    const asked = alignClusterIPs(carryAllocatedOver(sent, before), before);
    const transaction = this.#begin(before, random, options);
    const step = allocateForUpdate(asked, before, { cluster, transaction });
    const prepared = prepareForUpdate(step.service, before);
    return conclude(prepared, step, validateChange(prepared, before), transaction);
  }

  /** Gives back what a Service holds, once it is gone: one with finalizers keeps it until they are. */
  release(service: Service): void {
    const owner = ownerOf(service);
    const { addresses, ports } = holdingsOf(service);
    for (const [, text] of addresses) this.#pools.clusterIPs.release(text, owner);
    for (const [, port] of ports) this.#pools.nodePorts.release(port, owner);
  }

  /**
   * Takes what a Service holds that exists already, whether in range or not.
   * @returns an error for each address and port that another object has; those stay with it
   */
  adopt(service: Service): readonly FieldError[] {
    const owner = ownerOf(service);
    const { addresses, ports } = holdingsOf(service);
    const errors: FieldError[] = [];
    for (const [field, text] of addresses) {
      const error = this.#pools.clusterIPs.adopt(text, owner);
      if (error !== null) errors.push(invalid(field, text, error.message));
    }
    for (const [field, port] of ports) {
      const error = this.#pools.nodePorts.adopt(port, owner);
      if (error !== null) errors.push(invalid(field, port, error.message));
    }
    return errors;
  }

  #begin(
    service: Service,
    random: RandomSource,
    { dryRun = false }: AdmissionOptions,
  ): AllocationTransaction {
    return new AllocationTransaction(this.#pools, { owner: ownerOf(service), random, dryRun });
  }
}

function ownerOf(service: Service): string {
  return formatReference({
    kind: 'Service',
    namespace: service.metadata.namespace || 'default',
    name: service.metadata.name,
  });
}

function inNamespace(service: Service, namespace: string): Service {
  if (service.metadata.namespace) return service;
  return { ...service, metadata: withFields(service.metadata, { namespace }) };
}

/** The addresses and ports that a Service has by its type, with their fields. */
function holdingsOf(service: Service): {
  readonly addresses: readonly (readonly [field: string, text: string])[];
  readonly ports: readonly (readonly [field: string, port: number])[];
} {
  const spec = specOf(service);
  const listed = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ''];
  const addresses = listed.map((text, i) => [`spec.clusterIPs[${i}]`, text] as const);
  const named = needsNodePorts(spec) ? (spec.ports ?? []) : [];
  const ports = named.map((port, i) => [`spec.ports[${i}].nodePort`, port.nodePort ?? 0] as const);
  const healthCheck = needsHealthCheck(spec) ? (spec.healthCheckNodePort ?? 0) : 0;
  return {
    addresses: needsClusterIPs(spec) ? addresses.filter(([, text]) => text !== '' && text !== 'None') : [],
    ports: [...ports, [HEALTH_CHECK, healthCheck] as const].filter(([, port]) => port !== 0),
  };
}

/** What a client cannot change: its status and what the server keeps in the metadata. */
function prepareForUpdate(service: Service, stored: Service): Service {
  const dropped = dropTypeDependentFields(service, stored);
  const metadata = keepSystemMetadata(service.metadata, stored.metadata);
  const { status: _, ...rest } = { ...dropped, metadata };
  if (dropped.spec.type !== 'LoadBalancer')
    return { ...rest, status: { ...stored.status, loadBalancer: {} } };
  return stored.status === undefined ? rest : { ...rest, status: stored.status };
}

function keepSystemMetadata(metadata: ObjectMeta, stored: ObjectMeta): ObjectMeta {
  const { uid = stored.uid, resourceVersion = stored.resourceVersion } = metadata;
  const { creationTimestamp = metadata.creationTimestamp, deletionTimestamp } = stored;
  return {
    ...metadata,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(deletionTimestamp == null ? {} : { deletionTimestamp }),
  };
}

// Validation asks for a version, which a Service of a caller that keeps none does not have.
const ANY_VERSION = '1';

function validateChange(service: Service, stored: Service): FieldError[] {
  const { resourceVersion = ANY_VERSION } = service.metadata;
  return validateServiceUpdate({ ...service, metadata: { ...service.metadata, resourceVersion } }, stored);
}

/** The end of a request: all of it holds, or none. */
function conclude(
  service: Service,
  { errors: refusals }: AllocationStep,
  problems: readonly FieldError[],
  transaction: AllocationTransaction,
): Admission {
  const errors = refusals.length === 0 ? problems : [...refusals, ...withoutFollowing(problems, refusals)];
  if (errors.length === 0) return { service, errors: [], changes: transaction.commit() };
  transaction.revert();
  return { service: null, errors, changes: NO_CHANGES };
}

/**
 * An API server that could not allocate says that alone, and what else is wrong only when asked again.
 * Here both are said. The object was validated as far as allocation came, so that those problems are left
 * out that allocation names already, or that it would have cured.
 */
function withoutFollowing(problems: readonly FieldError[], refusals: readonly FieldError[]): FieldError[] {
  const isNamed = (field: string): boolean =>
    refusals.some((it) => field === it.field || field.startsWith(`${it.field}[`));
  const isCured = ({ type, field }: FieldError): boolean => type === 'Required' && field === HEALTH_CHECK;
  return problems.filter((problem) => !isNamed(problem.field) && !isCured(problem));
}
