import { kubernetesObject } from './object-meta.js';
import { podSpecShape } from './pod-shape.js';
import { anything, mapOf, object, string } from './shape.js';

/** apps/v1 Deployment and ReplicaSet: their selector and the Pods that they make. */
export const workloadShape = kubernetesObject({
  spec: object(
    {
      selector: object({ matchLabels: mapOf(string()), matchExpressions: anything() }),
      template: object({
        metadata: object({ labels: mapOf(string()), annotations: mapOf(string()) }, { open: true }),
        spec: podSpecShape,
      }),
    },
    { open: true },
  ),
  status: anything(),
});

/** core/v1 ReplicationController: its selector is plain labels. */
export const replicationControllerShape = kubernetesObject({
  spec: object(
    {
      selector: mapOf(string()),
      template: object({
        metadata: object({ labels: mapOf(string()), annotations: mapOf(string()) }, { open: true }),
        spec: podSpecShape,
      }),
    },
    { open: true },
  ),
  status: anything(),
});
