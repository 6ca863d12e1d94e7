import type { KubernetesObject } from '@shunt/model';
import * as fc from 'fast-check';
import { Cluster } from '../cluster.js';
import { handMadeEndpoints } from './hand-made-endpoints.js';
import { pods } from './pods.js';
import { workerNodes } from './worker-nodes.js';
import { type WrittenServiceOptions, writtenServices } from './written-services.js';

export interface ManifestOptions extends WrittenServiceOptions {
  /** Default 4. */
  readonly maxServices?: number;
  /** Default 6. */
  readonly maxPods?: number;
  /** Default 2. */
  readonly maxEndpoints?: number;
}

/**
 * What people have in their manifests, for an API server and controllers to work on: Nodes, Pods,
 * Services without addresses, and hand-made Endpoints. No object is there twice.
 */
export function manifests(options: ManifestOptions = {}): fc.Arbitrary<Cluster> {
  const { maxServices = 4, maxPods = 6, maxEndpoints = 2 } = options;
  return fc
    .tuple(
      someOf(workerNodes(), 2),
      someOf(pods(options.namespaces === undefined ? {} : { namespaces: options.namespaces }), maxPods),
      someOf(writtenServices(options), maxServices),
      someOf(handMadeEndpoints(options), maxEndpoints),
    )
    .map((parts) => new Cluster(parts.flat()));
}

function someOf(object: fc.Arbitrary<KubernetesObject>, maxLength: number): fc.Arbitrary<KubernetesObject[]> {
  return fc.uniqueArray(object, {
    maxLength,
    selector: ({ metadata: { namespace, name } }) => `${namespace}/${name}`,
  });
}
