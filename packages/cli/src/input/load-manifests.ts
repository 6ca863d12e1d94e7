import {
  ControlPlane,
  membershipReasons,
  type RecordedEvent,
  selectsPods,
  sourcePathOf,
} from '@shunt/cluster';
import type { Reason } from '@shunt/compiler';
import {
  type ClusterState,
  cidr,
  type Diagnostic,
  type KubernetesObject,
  type LoadedCluster,
  loadCluster,
  namespaceOf,
  type ObjectReference,
  type Service,
  type SourcePosition,
} from '@shunt/model';
import type { Io } from '../io.js';
import type { AdmitMode, ManifestOptions } from '../options/manifest-options.js';
import type { Report } from '../report.js';
import { findFiles, MANIFEST_NAME } from './find-files.js';
import { readSources } from './read-sources.js';

/** kubeadm's range, for manifests that name none. */
const DEFAULT_SERVICE_CIDR = cidr('10.96.0.0/12');

/** What manifests hold, and what a cluster's control plane has made of them. */
export interface Manifests {
  readonly state: ClusterState;
  /** Watches over the state; writes nothing with `--admit=never`. */
  readonly controlPlane: ControlPlane;
  /** Services that went through admission, as `namespace/name`. */
  readonly admitted: ReadonlySet<string>;
  /** What the controllers recorded. */
  readonly events: readonly RecordedEvent[];
  readonly locate: (diagnostic: Diagnostic) => SourcePosition | null;
}

/**
 * Reads manifests, admits what is to be admitted, and lets the controllers make the rest. Whatever is
 * wrong is added to the report, in the order of the files.
 * @returns `null` when nothing could be read; objects with errors are left out
 */
export async function loadManifests(
  paths: readonly string[],
  options: ManifestOptions,
  report: Report,
  io: Io,
): Promise<Manifests | null> {
  const found = findFiles(paths, MANIFEST_NAME);
  report.add(found.diagnostics);
  const { sources, diagnostics } = await readSources(found.files, options.maxFileSize, io);
  report.add(diagnostics);
  if (sources.length === 0) return null;
  const files = sources.map(({ file, text }) => ({ name: file, text }));
  const cluster = loadCluster(files, { defer: (object) => isAdmitted(object, options.admit) });
  report.add(cluster.diagnostics);
  const controlPlane = startControlPlane(cluster, options);
  const services = cluster.deferred.filter(({ kind }) => kind === 'Service');
  const admission = admit(cluster, controlPlane);
  const { events, diagnostics: made } = options.admit === 'never' ? NOTHING : runControllers(controlPlane);
  const manifests: Manifests = {
    state: cluster.state,
    controlPlane,
    admitted: new Set(services.map((it) => `${namespaceOf(it)}/${it.metadata.name}`)),
    events,
    locate: ({ object }) => (object === undefined ? null : locateField(object, cluster)),
  };
  report.add(located([...admission, ...made], manifests));
  return manifests;
}

/** Adds the places to diagnostics that know only an object. */
export function located(diagnostics: readonly Diagnostic[], { locate }: Manifests): Diagnostic[] {
  return diagnostics.map((diagnostic) => {
    if (diagnostic.position !== undefined) return diagnostic;
    const position = locate(diagnostic);
    return position === null ? diagnostic : { ...diagnostic, position };
  });
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

/** Why Pods are endpoints of a Service or not; nothing where the manifests hold no Pods. */
export function membershipOf({ state, controlPlane }: Manifests): (service: Service) => readonly Reason[] {
  if (state.list('Pod').length === 0) return () => [];
  return (service) => {
    const { namespacePods, otherPods, nodeOf } = controlPlane.podsFor(service);
    return membershipReasons(service, {
      pods: namespacePods(),
      nodeOf,
      ...(otherPods === undefined ? {} : { otherPods: otherPods() }),
    });
  };
}

/** Whether an object waits for its admission: by the mode, a Service or one that no API server has seen. */
function isAdmitted(object: Readonly<Record<string, unknown>>, mode: AdmitMode): boolean {
  if (mode === 'never') return false;
  if (object.kind === 'Endpoints') return true;
  if (object.kind !== 'Service') return false;
  const { spec, status } = object as { readonly spec?: unknown; readonly status?: unknown };
  if (mode === 'always') return true;
  if (status !== undefined && status !== null) return false;
  if (typeof spec !== 'object' || spec === null) return true;
  const { clusterIP, clusterIPs } = spec as { readonly clusterIP?: unknown; readonly clusterIPs?: unknown };
  // People write None themselves; an address is more often one that a server gave.
  return (!clusterIP && !(Array.isArray(clusterIPs) && clusterIPs.length > 0)) || clusterIP === 'None';
}

function startControlPlane({ state, deferred }: LoadedCluster, options: ManifestOptions): ControlPlane {
  const { admit, serviceCidr, serviceNodePortRange, loadBalancerPool, maxEndpointsPerSlice } = options;
  const hasPods = state.list('Pod').length > 0;
  const needsRange =
    deferred.some(({ kind }) => kind === 'Service') && state.list('ServiceCIDR').length === 0;
  const serviceCIDRs = serviceCidr ?? (needsRange ? [DEFAULT_SERVICE_CIDR] : []);
  return new ControlPlane(state, {
    serviceCIDRs: admit === 'never' ? [] : serviceCIDRs,
    ...(serviceNodePortRange === undefined ? {} : { nodePortRange: serviceNodePortRange }),
    ...(loadBalancerPool === undefined ? {} : { loadBalancerPools: loadBalancerPool }),
    ...(maxEndpointsPerSlice === undefined ? {} : { maxEndpointsPerSlice }),
    seed: options.allocationSeed,
    // From Pods where there are any, from hand-made Endpoints otherwise; slices that are there stay.
    managesEndpoints: (service, slices) =>
      admit === 'always' || (slices.length === 0 && (hasPods || !selectsPods(service))),
  });
}

/**
 * Admits the deferred objects: those first that ask for an address or a port, so that nothing is picked
 * that one of them asks for. Picks follow from names, so the order of files does not matter to them.
 */
function admit({ deferred }: LoadedCluster, controlPlane: ControlPlane): Diagnostic[] {
  const results = new Map<KubernetesObject, readonly Diagnostic[]>();
  for (const object of [...deferred].sort((a, b) => Number(asksFor(b)) - Number(asksFor(a)))) {
    results.set(object, controlPlane.applyChecked(object).diagnostics);
  }
  return deferred.flatMap((object) => results.get(object) ?? []);
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
