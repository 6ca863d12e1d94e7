import { conditions, kubernetesObject } from './object-meta.js';
import {
  anything,
  boolean,
  integer,
  ipAddress,
  list,
  object,
  oneOf,
  type Shape,
  string,
  unread,
} from './shape.js';

const containers = list(
  object({
    ...unread(
      'args command env envFrom imagePullPolicy lifecycle livenessProbe readinessProbe resizePolicy resources ' +
        'restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath ' +
        'terminationMessagePolicy tty volumeDevices volumeMounts workingDir',
    ),
    name: string(),
    image: string(),
    restartPolicy: string(),
    ports: list(
      object(
        {
          name: string(),
          containerPort: integer(1, 65535),
          hostPort: integer(0, 65535),
          hostIP: string(),
          protocol: oneOf('TCP', 'UDP', 'SCTP'),
        },
        { required: ['containerPort'] },
      ),
    ),
  }),
);

/** core/v1 PodSpec: what endpoints and Services are made from; the rest is known by name, whatever is in it. */
export const podSpecShape: Shape = object({
  ...unread(
    'activeDeadlineSeconds affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks ' +
      'ephemeralContainers hostAliases hostIPC hostPID hostUsers hostnameOverride imagePullSecrets ' +
      'nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims ' +
      'resources restartPolicy runtimeClassName schedulerName schedulingGates schedulingGroup securityContext ' +
      'serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace ' +
      'terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes workloadRef',
  ),
  nodeName: string(),
  hostname: string(),
  subdomain: string(),
  hostNetwork: boolean(),
  containers,
  initContainers: containers,
});

/** core/v1 Pod. */
export const podShape = kubernetesObject({
  spec: podSpecShape,
  status: object({
    ...unread(
      'allocatedResources containerStatuses ephemeralContainerStatuses extendedResourceClaimStatus hostIP ' +
        'hostIPs initContainerStatuses message nominatedNodeName observedGeneration qosClass reason resize ' +
        'resourceClaimStatuses resources startTime',
    ),
    phase: oneOf('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown', ''),
    podIP: ipAddress(''),
    podIPs: list(object({ ip: ipAddress('') })),
    conditions: conditions({ lastProbeTime: anything() }),
  }),
});
