import { type AdmittedManifests, ControlPlane } from '@shunt/cluster';
import { ClusterState, checkObject, type KubernetesObject } from '@shunt/model';
import type { LiveOptions } from '../options/live-options.js';
import type { Report } from '../report.js';

/** What rules are made of. */
const RULE_KINDS = ['Service', 'EndpointSlice', 'Node', 'ServiceCIDR'] as const;
/** What a listing of objects may show besides. */
export const MORE_KINDS = ['Pod', 'Endpoints'] as const;

/**
 * Lists the objects of a live cluster, as they are: nothing is admitted. What is wrong is added to the report.
 * @returns `null` when the cluster cannot be asked
 */
export async function loadLiveCluster(
  { kubeconfig, context }: LiveOptions,
  report: Report,
  more: readonly (typeof MORE_KINDS)[number][] = [],
): Promise<AdmittedManifests | null> {
  const { ApiClient, isUnknownKind, listResource, loadKubeconfig, RESOURCES } = await import('@shunt/agent');
  const state = new ClusterState();
  const written: KubernetesObject[] = [];
  try {
    const from = kubeconfig === undefined ? 'default' : { file: kubeconfig };
    const client = new ApiClient(await loadKubeconfig({ from, context: context ?? null }));
    for (const kind of [...RULE_KINDS, ...more]) {
      const resource = RESOURCES[kind];
      const items = await listResource(client, resource, new AbortController().signal).then(
        (listed) => listed.items,
        (error: unknown) => {
          if (resource.optional && isUnknownKind(error)) return [];
          throw new Error(`${client.server}: ${kind} objects cannot be listed: ${(error as Error).message}`);
        },
      );
      for (const item of items) {
        const { object, diagnostics } = checkObject(item);
        report.add(diagnostics);
        if (object !== null) written.push(object);
      }
    }
  } catch (error) {
    report.add([{ severity: 'error', code: 'cluster', message: (error as Error).message }]);
    return null;
  }
  for (const object of written) state.upsert(object);
  return {
    state,
    controlPlane: new ControlPlane(state, { managesEndpoints: () => false }),
    written,
    admitted: new Set(),
    diagnostics: [],
    conflicts: [],
    events: [],
    locate: () => null,
  };
}
