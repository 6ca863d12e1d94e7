import {
  type ClusterState,
  cidr,
  type Diagnostic,
  formatCidr,
  formatReference,
  type KubernetesObject,
  type LoadedCluster,
  loadCluster,
  type ManifestFile,
  type ObjectReference,
  type Service,
  type SourcePosition,
} from '@shunt/model';
import { sourcePathOf } from '../admission/locate-field.js';
import { ControlPlane } from '../control-plane/control-plane.js';
import type { ControlPlaneOptions } from '../control-plane/control-plane-options.js';
import type { RecordedEvent } from '../control-plane/reconciliation.js';
import { keyOf } from '../control-plane/service-key.js';
import { selectsPods } from '../endpoints/selector.js';
import { findForeignClusterIPs, namedRanges } from './cluster-ip-ranges.js';

/** kubeadm's range, for manifests that name none. */
export const DEFAULT_SERVICE_CIDR = cidr('10.96.0.0/12');

/**
 * Which Services are taken through an API server's admission: with `auto`, those that have neither cluster
 * IP nor status (of the cluster IP `None`, no status is enough), and endpoints are made for Services that have
 * a selector and no slices, when there are Pods.
 */
export type AdmitMode = 'auto' | 'always' | 'never';

export interface AdmitOptions extends Omit<ControlPlaneOptions, 'managesEndpoints'> {
  /** Default `auto`. */
  readonly admit?: AdmitMode;
  /**
   * With `auto`: also admit Services that name a cluster IP but have no status, which only people write,
   * when it is known which ranges there are.
   */
  readonly admitsWritten?: boolean;
  /** That a Service will be admitted later, so that there must be a range. */
  readonly admitsMore?: boolean;
}

/** What manifests hold, and what a cluster's control plane has made of them. */
export interface AdmittedManifests {
  readonly state: ClusterState;
  /** Watches over the state; has written nothing with `never`. */
  readonly controlPlane: ControlPlane;
  /** The objects of the files as they are written, refused ones too. */
  readonly written: readonly KubernetesObject[];
  /** Services that went through admission, as `namespace/name`. */
  readonly admitted: ReadonlySet<string>;
  /** What is wrong, in the order of the files, with positions. Objects with errors are left out. */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Warnings of addresses and ports that two Services have which were taken as they are; not among the
   * diagnostics, see {@link withConflicts}.
   */
  readonly conflicts: readonly Diagnostic[];
  /** What the controllers recorded. */
  readonly events: readonly RecordedEvent[];
  /** Where an object, or the field of it that its path means, is written. */
  readonly locate: (reference: ObjectReference) => SourcePosition | null;
}

/**
 * Reads manifests as people write them: admits what is to be admitted, and lets the controllers make the
 * rest. Never throws for what is in the files.
 */
export function admitManifests(files: Iterable<ManifestFile>, options: AdmitOptions = {}): AdmittedManifests {
  const { admit: mode = 'auto', serviceCIDRs = [] } = options;
  const cluster = loadObjects([...files], options);
  const deferred = new Set(cluster.deferred.map(idOf));
  const written = [...[...cluster.state].filter((it) => !deferred.has(idOf(it))), ...cluster.deferred];
  const ranges = namedRanges(cluster.state, serviceCIDRs);
  const foreign = findForeignClusterIPs(cluster.state.list('Service'), ranges);
  const services = cluster.deferred.filter(({ kind }) => kind === 'Service');
  const needsRange = ranges.length === 0 && (services.length > 0 || options.admitsMore === true);
  const controlPlane = startControlPlane(cluster.state, options, needsRange);
  const refusals = admit(cluster, controlPlane);
  const admission = needsRange ? refusals.map(withRangeHint) : refusals;
  const { events, diagnostics: made } = mode === 'never' ? NOTHING : runControllers(controlPlane);
  const isConflict = ({ severity, code }: Diagnostic): boolean =>
    severity === 'warning' && code === 'invalid';
  const locate = (reference: ObjectReference): SourcePosition | null => locateField(reference, cluster);
  const admitted = new Set(services.map(keyOf));
  // A Service that runs somewhere may be scaled down or on its way: not every Pod is there that it had.
  const isTaken = ({ code, object }: Diagnostic): boolean =>
    code === 'endpoints' && !admitted.has(`${object?.namespace}/${object?.name}`);
  const problems = made.filter((it) => !isConflict(it));
  const judged = problems.map((it) => (isTaken(it) ? { ...it, severity: 'warning' as const } : it));
  const found = [...foreign, ...admission, ...judged];
  return {
    state: cluster.state,
    controlPlane,
    written,
    admitted,
    diagnostics: [...cluster.diagnostics, ...located(found, { locate })],
    conflicts: made.filter(isConflict),
    events,
    locate,
  };
}

/** Adds the places to diagnostics that know only an object. */
export function located(
  diagnostics: readonly Diagnostic[],
  { locate }: Pick<AdmittedManifests, 'locate'>,
): Diagnostic[] {
  return diagnostics.map((diagnostic) => {
    const { object, position: known } = diagnostic;
    if (known !== undefined || object === undefined) return diagnostic;
    const position = locate(object);
    return position === null ? diagnostic : { ...diagnostic, position };
  });
}

/** Adds conflicts to other diagnostics, save for Services whose conflicts the compiler has explained. */
export function withConflicts(
  diagnostics: readonly Diagnostic[],
  { conflicts }: Pick<AdmittedManifests, 'conflicts'>,
): Diagnostic[] {
  const keyOfObject = ({ object }: Diagnostic): string =>
    object === undefined ? '' : formatReference(object);
  const explained = new Set(diagnostics.filter(({ code }) => code === 'address-conflict').map(keyOfObject));
  return [...conflicts.filter((it) => !explained.has(keyOfObject(it))), ...diagnostics];
}

/** Where the field of an object is written. Errors of `clusterIPs` mean `clusterIP` where only that is. */
function locateField(object: ObjectReference, cluster: LoadedCluster): SourcePosition | null {
  const { path } = object;
  if (path === undefined) return cluster.locate(object);
  const at = (field: string): SourcePosition | null => cluster.locate({ ...object, path: field });
  const position = at(sourcePathOf(path));
  if (position === null || !path.startsWith('spec.clusterIPs')) return position;
  const spec = at('spec');
  const isWritten = position.line !== spec?.line || position.column !== spec.column;
  return isWritten ? position : at('spec.clusterIP');
}

function loadObjects(
  files: readonly ManifestFile[],
  { admit: mode = 'auto', serviceCIDRs, admitsWritten = false }: AdmitOptions,
): LoadedCluster {
  const load = (asWritten: boolean): LoadedCluster =>
    loadCluster(files, {
      defer: (object, earlier) =>
        isAdmitted(object, mode, asWritten) || (mode === 'auto' && updates(object, earlier)),
    });
  if (!admitsWritten || serviceCIDRs !== undefined) return load(admitsWritten);
  const cluster = load(false);
  // Only now it is seen whether a ServiceCIDR is among the objects.
  return namedRanges(cluster.state).length > 0 ? load(true) : cluster;
}

function idOf(object: KubernetesObject): string {
  return `${object.kind} ${keyOf(object)}`;
}

/** Whether people wrote a Service that a dump before holds already: it is a change of that one. */
function updates(object: Readonly<Record<string, unknown>>, earlier: KubernetesObject | undefined): boolean {
  const isWritten = object.status === undefined || object.status === null;
  return object.kind === 'Service' && isWritten && earlier !== undefined && hasStatus(earlier);
}

function hasStatus(object: KubernetesObject): boolean {
  return (object as Partial<Service>).status != null;
}

/** Whether an object waits for its admission: by the mode, a Service or one that no API server has seen. */
function isAdmitted(object: Readonly<Record<string, unknown>>, mode: AdmitMode, asWritten: boolean): boolean {
  if (mode === 'never') return false;
  if (object.kind === 'Endpoints') return true;
  if (object.kind !== 'Service') return false;
  const { spec, status } = object as { readonly spec?: unknown; readonly status?: unknown };
  if (mode === 'always') return true;
  if (status !== undefined && status !== null) return false;
  if (asWritten) return true;
  if (typeof spec !== 'object' || spec === null) return true;
  const { clusterIP, clusterIPs } = spec as { readonly clusterIP?: unknown; readonly clusterIPs?: unknown };
  // People write None themselves; an address is more often one that a server gave.
  return (!clusterIP && !(Array.isArray(clusterIPs) && clusterIPs.length > 0)) || clusterIP === 'None';
}

function startControlPlane(state: ClusterState, options: AdmitOptions, needsRange: boolean): ControlPlane {
  const { admit: mode = 'auto', admitsWritten: _, admitsMore: __, ...rest } = options;
  const hasPods = state.list('Pod').length > 0;
  const serviceCIDRs = options.serviceCIDRs ?? (needsRange ? [DEFAULT_SERVICE_CIDR] : []);
  return new ControlPlane(state, {
    ...rest,
    serviceCIDRs: mode === 'never' ? [] : serviceCIDRs,
    // Without any Pods nothing is known of them, rather than that there are none.
    managesEndpoints: (service, slices) =>
      (mode === 'always' || slices.length === 0) && (hasPods || !selectsPods(service)),
  });
}

/**
 * Admits the deferred objects: those first that ask for an address or a port, so that little is picked
 * that one of them asks for; of these and of the others by age and name, as the rules decide who has an
 * address, so that the order of files does not matter to what comes out.
 */
function admit({ deferred }: LoadedCluster, controlPlane: ControlPlane): Diagnostic[] {
  const results = new Map<KubernetesObject, readonly Diagnostic[]>();
  const turns = deferred.map((object) => ({ object, turn: turnOf(object) }));
  for (const { object } of turns.sort((a, b) => (a.turn < b.turn ? -1 : 1))) {
    results.set(object, controlPlane.applyChecked(object).diagnostics);
  }
  return deferred.flatMap((object) => results.get(object) ?? []);
}

function turnOf(object: KubernetesObject): string {
  const { creationTimestamp = '~' } = object.metadata;
  return `${asksFor(object) ? 0 : 1} ${creationTimestamp} ${keyOf(object)}`;
}

const RANGE_FIELDS = /^spec\.(?:clusterIP|ipFamil)/;

/** Adds that nobody named a range to an error of which that is likely the cause. */
function withRangeHint(diagnostic: Diagnostic): Diagnostic {
  const { code, object, message } = diagnostic;
  const isOfRange = code === 'invalid' && /not configured|not in the valid range/.test(message);
  if (!isOfRange || !RANGE_FIELDS.test(object?.path ?? '')) return diagnostic;
  const range = formatCidr(DEFAULT_SERVICE_CIDR);
  return { ...diagnostic, message: `${message} (no range is named, so ${range} is it: see --service-cidr)` };
}

function asksFor(object: KubernetesObject): boolean {
  const { clusterIP, clusterIPs, ports, healthCheckNodePort, loadBalancerIP } =
    (object as Partial<Service>).spec ?? {};
  if (clusterIP || clusterIPs?.length || healthCheckNodePort || loadBalancerIP) return true;
  return ports?.some((port) => port?.nodePort) ?? false;
}

interface Run {
  readonly events: readonly RecordedEvent[];
  readonly diagnostics: readonly Diagnostic[];
}

const NOTHING: Run = { events: [], diagnostics: [] };

function runControllers(controlPlane: ControlPlane): Run {
  const { events, diagnostics } = controlPlane.reconcile();
  return { events, diagnostics: [...diagnostics, ...controlPlane.findProblems()] };
}
