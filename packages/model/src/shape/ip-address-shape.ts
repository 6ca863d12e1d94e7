import { kubernetesObject } from './object-meta.js';
import { object, string } from './shape.js';

/** networking.k8s.io/v1 IPAddress: who has the address that is its name. */
export const ipAddressShape = kubernetesObject({
  spec: object({
    parentRef: object({ group: string(), resource: string(), namespace: string(), name: string() }),
  }),
});
