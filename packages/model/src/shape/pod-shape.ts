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
  timestamp,
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
      'nodeSelector os overhead preemptionPolicy priority priorityClassName resourceClaims ' +
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
  readinessGates: list(object({ conditionType: string() })),
});

const state = object({
  waiting: object({ ...unread('message'), reason: string() }),
  running: object({ startedAt: timestamp() }),
  terminated: object({
    ...unread('containerID message startedAt'),
    exitCode: integer(),
    signal: integer(),
    reason: string(),
    finishedAt: timestamp(),
  }),
});

const containerStatuses = list(
  object({
    ...unread(
      'allocatedResources allocatedResourcesStatus containerID image imageID resources stopSignal user volumeMounts',
    ),
    name: string(),
    ready: boolean(),
    started: boolean(),
    restartCount: integer(),
    state,
    lastState: state,
  }),
);

/** core/v1 Pod. */
export const podShape = kubernetesObject({
  spec: podSpecShape,
  status: object({
    ...unread(
      'allocatedResources ephemeralContainerStatuses extendedResourceClaimStatus hostIP hostIPs message ' +
        'observedGeneration qosClass resize resourceClaimStatuses resources startTime',
    ),
    reason: string(),
    nominatedNodeName: string(),
    containerStatuses,
    initContainerStatuses: containerStatuses,
    phase: oneOf('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown', ''),
    podIP: ipAddress(''),
    podIPs: list(object({ ip: ipAddress('') })),
    conditions: conditions({ lastProbeTime: anything() }),
  }),
});
