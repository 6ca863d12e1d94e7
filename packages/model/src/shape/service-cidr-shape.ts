import { conditions, kubernetesObject } from './object-meta.js';
import { cidr, list, object } from './shape.js';

/** networking.k8s.io/v1 ServiceCIDR. */
export const serviceCidrShape = kubernetesObject(
  {
    spec: object({ cidrs: list(cidr()) }),
    status: object({ conditions: conditions() }),
  },
  { required: ['spec'] },
);
