import { conditions, kubernetesObject } from './object-meta.js';
import { anything, boolean, cidr, list, mapOf, object, string } from './shape.js';

/** core/v1 Node. Of the status only the addresses are read; the rest is known by name, whatever is in it. */
export const nodeShape = kubernetesObject({
  spec: object({
    podCIDR: cidr(''),
    podCIDRs: list(cidr('')),
    providerID: string(),
    unschedulable: boolean(),
    taints: list(
      object(
        { key: string(), value: string(), effect: string(), timeAdded: anything() },
        { required: ['key'] },
      ),
    ),
    configSource: anything(),
    externalID: string(),
  }),
  status: object({
    addresses: list(object({ type: string(), address: string() }, { required: ['type', 'address'] })),
    allocatable: mapOf(anything()),
    capacity: anything(),
    conditions: conditions(),
    config: anything(),
    daemonEndpoints: anything(),
    declaredFeatures: anything(),
    features: anything(),
    images: anything(),
    nodeInfo: anything(),
    phase: string(),
    runtimeHandlers: anything(),
    volumesAttached: anything(),
    volumesInUse: anything(),
  }),
});
