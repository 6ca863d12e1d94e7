import { type AdmitOptions, type AdmittedManifests, admitManifests, membershipReasons } from '@shunt/cluster';
import type { Reason } from '@shunt/compiler';
import type { Service } from '@shunt/model';
import type { Io } from '../io.js';
import { isLive } from '../options/live-options.js';
import type { ManifestOptions } from '../options/manifest-options.js';
import type { Report } from '../report.js';
import { findFiles, MANIFEST_NAME } from './find-files.js';
import { loadLiveCluster, type MORE_KINDS } from './load-live-cluster.js';
import { readSources } from './read-sources.js';

export interface LoadSettings extends Pick<AdmitOptions, 'admitsWritten' | 'admitsMore'> {
  /** What is listed of a live cluster besides what rules are made of. */
  readonly more?: readonly (typeof MORE_KINDS)[number][];
}

/**
 * Reads manifests, and lets a control plane make of them what a cluster would; or asks a live cluster, if the
 * options name one. Whatever is wrong is added to the report, in the order of the files.
 * @returns `null` when nothing could be read
 */
export async function loadManifests(
  paths: readonly string[],
  options: ManifestOptions,
  report: Report,
  io: Io,
  settings: LoadSettings = {},
): Promise<AdmittedManifests | null> {
  const { more = [], ...admission } = settings;
  if (isLive(options)) return loadLiveCluster(options, report, more);
  const found = findFiles(paths, MANIFEST_NAME);
  report.add(found.diagnostics);
  const { sources, diagnostics } = await readSources(found.files, options.maxFileSize, io);
  report.add(diagnostics);
  if (sources.length === 0) return null;
  const files = sources.map(({ file, text }) => ({ name: file, text }));
  const manifests = admitManifests(files, { ...admitOptions(options), ...admission });
  report.add(manifests.diagnostics);
  return manifests;
}

/** Why Pods are endpoints of a Service or not; nothing where the manifests hold no Pods. */
export function membershipOf({
  state,
  controlPlane,
}: AdmittedManifests): (service: Service) => readonly Reason[] {
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

export function admitOptions(options: ManifestOptions): AdmitOptions {
  const { admit, serviceCidr, serviceNodePortRange, loadBalancerPool, maxEndpointsPerSlice } = options;
  return {
    admit,
    seed: options.allocationSeed,
    ...(serviceCidr === undefined ? {} : { serviceCIDRs: serviceCidr }),
    ...(serviceNodePortRange === undefined ? {} : { nodePortRange: serviceNodePortRange }),
    ...(loadBalancerPool === undefined ? {} : { loadBalancerPools: loadBalancerPool }),
    ...(maxEndpointsPerSlice === undefined ? {} : { maxEndpointsPerSlice }),
  };
}
