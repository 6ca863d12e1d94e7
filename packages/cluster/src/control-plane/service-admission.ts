import {
  type ClusterState,
  type Diagnostic,
  namespaceOf,
  type ObjectMeta,
  referenceTo,
  type Service,
} from '@shunt/model';
import { ServiceRegistry } from '../admission/service-registry.js';
import { serviceWarnings } from '../admission/service-warnings.js';
import { withoutConsequences } from '../admission/without-consequences.js';
import type { ClusterIps } from '../allocation/cluster-ips.js';
import { PortRange } from '../allocation/port-range.js';
import { fieldErrorDiagnostic } from '../field-error.js';
import { randomUid, seededRandom } from '../random.js';
import { type ControlPlaneOptions, DEFAULT_NODE_PORT_RANGE } from './control-plane-options.js';
import { keyOf, splitKey } from './service-key.js';

export interface AdmittedService {
  /** `null` when it was refused. */
  readonly service: Service | null;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the API server does with a Service that is written: see {@link ServiceRegistry}, and system metadata. */
export class ServiceAdmission {
  readonly #state: ClusterState;
  readonly #registry: ServiceRegistry;
  readonly #seed: number;
  readonly #now: (() => string) | undefined;
  /** Services that were taken as they are although another one holds what they list. */
  readonly #contested = new Set<string>();

  constructor(
    state: ClusterState,
    clusterIPs: ClusterIps,
    { nodePortRange = DEFAULT_NODE_PORT_RANGE, seed = 0, now }: ControlPlaneOptions,
  ) {
    this.#state = state;
    this.#registry = new ServiceRegistry({
      clusterIPs,
      nodePorts: new PortRange(nodePortRange.first, nodePortRange.last),
    });
    this.#seed = seed;
    this.#now = now;
  }

  /** Creates or replaces, with all problems at once; what it allocates is held from now on. */
  admit(service: Service): AdmittedService {
    const object = referenceTo(service);
    const stored = this.#state.service(namespaceOf(service), service.metadata.name);
    const random = seededRandom(this.#seed, `Service ${keyOf(service)}`);
    const written = this.#withSystemMetadata(service, stored);
    const admission =
      stored === undefined
        ? this.#registry.create(written, random)
        : this.#registry.update(written, stored, random);
    if (admission.service === null) {
      const errors = withoutConsequences(admission.errors, service);
      const diagnostics = errors.map((error) => fieldErrorDiagnostic(error, object));
      return { service: null, diagnostics };
    }
    const warnings = serviceWarnings(admission.service).map(
      ({ field, message }): Diagnostic => ({
        severity: 'warning',
        code: 'api-warning',
        message,
        object: { ...object, path: field },
      }),
    );
    return { service: admission.service, diagnostics: warnings };
  }

  /**
   * Takes a Service that exists as it is.
   * @returns a warning for each address or port that another Service holds already
   */
  adopt(service: Service): Diagnostic[] {
    const object = referenceTo(service);
    const errors = this.#registry.adopt(service);
    if (errors.length > 0) this.#contested.add(keyOf(service));
    return errors.map((error) => ({ ...fieldErrorDiagnostic(error, object), severity: 'warning' as const }));
  }

  release(service: Service): void {
    this.#registry.release(service);
  }

  /** Gives what became free to those that list it, so that nobody else gets it. */
  retryContested(): void {
    for (const key of this.#contested) {
      const { namespace, name } = splitKey(key);
      const service = this.#state.service(namespace, name);
      if (service === undefined || this.#registry.adopt(service).length === 0) this.#contested.delete(key);
    }
  }

  // The server's own fields: a client cannot choose them on create, and need not repeat them on update.
  #withSystemMetadata(service: Service, stored: Service | undefined): Service {
    const { deletionTimestamp: _, ...given } = service.metadata;
    const namespace = namespaceOf(service);
    if (stored !== undefined) {
      const finalizers = given.finalizers ?? stored.metadata.finalizers;
      return { ...service, metadata: { ...given, namespace, ...optional('finalizers', finalizers) } };
    }
    const { uid: __, creationTimestamp: ___, resourceVersion: ____, ...chosen } = given;
    return { ...service, metadata: { ...chosen, namespace, ...this.#newMetadata(service) } };
  }

  #newMetadata(service: Service): Partial<ObjectMeta> {
    const uid = randomUid(seededRandom(this.#seed, `uid Service ${keyOf(service)}`));
    return { uid, ...optional('creationTimestamp', this.#now?.()) };
  }
}

function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [name in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [name in Key]?: Value });
}
