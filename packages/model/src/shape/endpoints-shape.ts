import { kubernetesObject } from './object-meta.js';
import { anything, integer, list, object, oneOf, string } from './shape.js';

// Any text may stand for an address: mirroring skips what is none, as the controller does.
const addresses = list(
  object(
    { ip: string(), hostname: string(), nodeName: string(), targetRef: anything() },
    { required: ['ip'] },
  ),
);

/** core/v1 Endpoints. */
export const endpointsShape = kubernetesObject({
  subsets: list(
    object({
      addresses,
      notReadyAddresses: addresses,
      ports: list(
        object(
          {
            name: string(),
            port: integer(1, 65535),
            protocol: oneOf('TCP', 'UDP', 'SCTP'),
            appProtocol: string(),
          },
          { required: ['port'] },
        ),
      ),
    }),
  ),
});
