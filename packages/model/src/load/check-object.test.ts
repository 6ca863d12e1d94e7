import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../diagnostic.js';
import { checkObject } from './check-object.js';

const metadata = {
  name: 'x',
  namespace: 'shop',
  generateName: 'x-',
  uid: '5b0d',
  resourceVersion: '12',
  generation: 3,
  creationTimestamp: '2024-01-31T12:00:00Z',
  deletionTimestamp: '2024-01-31T12:00:00Z',
  deletionGracePeriodSeconds: 30,
  labels: { app: 'x' },
  annotations: { note: '' },
  finalizers: ['service.kubernetes.io/load-balancer-cleanup'],
  selfLink: '/api/v1/x',
  clusterName: '',
  ownerReferences: [
    { apiVersion: 'v1', kind: 'Service', name: 'x', uid: '1', controller: true, blockOwnerDeletion: true },
  ],
  managedFields: [
    {
      manager: 'kubectl',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2024-01-31T12:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { '.': {}, 'k:{"port":80}': {} } },
      subresource: 'status',
    },
  ],
};
const condition = {
  type: 'Ready',
  status: 'True',
  observedGeneration: 1,
  lastTransitionTime: '2024-01-31T12:00:00Z',
  reason: 'Fine',
  message: '',
};

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: {
    type: 'LoadBalancer',
    clusterIP: '10.96.0.10',
    clusterIPs: ['10.96.0.10', 'fd00::a'],
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'PreferDualStack',
    ports: [
      { name: 'http', protocol: 'TCP', port: 80, targetPort: 'web', nodePort: 30080, appProtocol: 'http' },
    ],
    selector: { app: 'x' },
    externalIPs: ['192.0.2.1'],
    externalName: '',
    externalTrafficPolicy: 'Local',
    internalTrafficPolicy: 'Cluster',
    trafficDistribution: 'PreferClose',
    sessionAffinity: 'ClientIP',
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
    healthCheckNodePort: 32000,
    publishNotReadyAddresses: true,
    allocateLoadBalancerNodePorts: true,
    loadBalancerClass: 'example.com/lb',
    loadBalancerIP: '192.0.2.2',
    loadBalancerSourceRanges: [' 10.0.0.0/8 '],
    ipFamily: 'IPv4',
    topologyKeys: ['*'],
  },
  status: {
    loadBalancer: {
      ingress: [
        { ip: '192.0.2.2', ipMode: 'VIP', ports: [{ port: 80, protocol: 'TCP', error: 'x' }] },
        { hostname: 'lb.example.com' },
      ],
    },
    conditions: [condition],
  },
};

const slice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata,
  addressType: 'IPv4',
  endpoints: [
    {
      addresses: ['10.0.1.5'],
      conditions: { ready: true, serving: null, terminating: false },
      hostname: 'a',
      nodeName: 'node-a',
      zone: 'z1',
      hints: { forZones: [{ name: 'z1' }], forNodes: [{ name: 'node-a' }] },
      targetRef: { kind: 'Pod', namespace: 'shop', name: 'a', uid: '2', fieldPath: '' },
      deprecatedTopology: { 'kubernetes.io/hostname': 'node-a' },
    },
  ],
  ports: [
    { name: 'http', protocol: 'TCP', port: 8080, appProtocol: 'http' },
    { port: null },
    { name: 'x', port: 0 },
  ],
};

const node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { ...metadata, namespace: undefined },
  spec: {
    podCIDR: '10.244.0.0/24',
    podCIDRs: ['10.244.0.0/24', 'fd00:10:244::/64'],
    providerID: 'x://y',
    unschedulable: true,
    taints: [{ key: 'a', effect: 'NoSchedule', timeAdded: '2024-01-31T12:00:00Z' }],
    configSource: { configMap: { name: 'x' } },
    externalID: 'x',
  },
  status: {
    addresses: [
      { type: 'InternalIP', address: '192.168.0.2' },
      { type: 'Hostname', address: 'node-a' },
    ],
    allocatable: { cpu: '3920m', memory: 15 },
    capacity: { cpu: '4' },
    conditions: [{ ...condition, lastHeartbeatTime: '2024-01-31T12:00:00Z' }],
    config: {},
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    declaredFeatures: ['X'],
    features: { supplementalGroupsPolicy: true },
    images: [{ names: ['a@sha256:0'], sizeBytes: 1 }],
    nodeInfo: { machineID: 'x', swap: { capacity: 0 } },
    phase: 'Running',
    runtimeHandlers: [{ name: '', features: { recursiveReadOnlyMounts: true } }],
    volumesAttached: [{ name: 'x', devicePath: '' }],
    volumesInUse: ['x'],
  },
};

const serviceCidr = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  metadata: { ...metadata, namespace: undefined },
  spec: { cidrs: ['10.96.0.0/12', 'fd00::/112'] },
  status: { conditions: [condition] },
};

const containerStatus = {
  name: 'web',
  ready: true,
  started: true,
  restartCount: 1,
  image: 'nginx',
  imageID: 'nginx@sha256:0',
  containerID: 'containerd://0',
  state: { running: { startedAt: '2024-01-31T12:00:00Z' }, waiting: { reason: 'A', message: '' } },
  lastState: {
    terminated: {
      exitCode: 1,
      signal: 0,
      reason: 'Error',
      message: '',
      startedAt: null,
      finishedAt: '2024-01-31T12:00:00Z',
      containerID: 'containerd://1',
    },
  },
  allocatedResources: { cpu: '1' },
  allocatedResourcesStatus: [],
  resources: {},
  stopSignal: 'SIGTERM',
  user: { linux: { uid: 0 } },
  volumeMounts: [{ name: 'x', mountPath: '/x' }],
};

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: {
    containers: [
      { name: 'web', image: 'nginx', ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }] },
    ],
    initContainers: [{ name: 'side', restartPolicy: 'Always' }],
    readinessGates: [{ conditionType: 'example/ready' }],
    nodeName: 'node-a',
  },
  status: {
    phase: 'Running',
    reason: 'Evicted',
    nominatedNodeName: 'node-b',
    podIP: '10.0.1.5',
    podIPs: [{ ip: '10.0.1.5' }],
    conditions: [{ ...condition, lastProbeTime: null }],
    containerStatuses: [containerStatus],
    initContainerStatuses: [containerStatus],
    qosClass: 'BestEffort',
  },
};

describe('objects as an API server sends them', () => {
  for (const object of [service, slice, node, serviceCidr, pod]) {
    test(`a ${object.kind} with every field has no problem and is kept as it is`, () => {
      const checked = checkObject(object);
      expect(checked.diagnostics).toEqual([]);
      expect(checked.object).toBe(object);
    });
  }

  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { ...metadata, namespace: undefined },
    spec: { anything: [1] },
    status: 7,
  };
  test('kinds that are not read keep whatever they hold, but for their metadata', () => {
    expect(checkObject(namespace)).toMatchObject({ object: namespace, diagnostics: [] });
    expect(checkObject({ ...namespace, metadata: { name: 'x', labels: { a: 1 } } }).object).toBeNull();
  });
});

describe('what an API server would not admit', () => {
  const bare = (spec: object): unknown => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'x' },
    spec,
  });
  const admitted: unknown[] = [
    bare({}),
    bare({ type: 'ClusterIP', clusterIP: '10.0.0.1', ports: [{ port: 80, nodePort: 30080 }] }),
    bare({ clusterIP: 'None', healthCheckNodePort: 3, ports: [{ port: 80, nodePort: 0 }, { port: 80 }] }),
    bare({ clusterIP: '', ports: null, clusterIPs: null, externalTrafficPolicy: 'Local' }),
    bare({ clusterIP: '010.000.000.001', loadBalancerSourceRanges: ['010.0.0.0/8'] }),
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'x' },
      addressType: 'IPv4',
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'x' },
      addressType: 'FQDN',
      endpoints: [{ addresses: ['a.example.com'] }, {}],
      ports: null,
    },
  ];
  for (const value of admitted) {
    test(`${JSON.stringify(value)} is taken, since only its shape counts`, () => {
      expect(checkObject(value)).toEqual({ object: value, diagnostics: [] });
    });
  }
});

describe('problems', () => {
  const rows: [value: unknown, message: string][] = [
    [7, 'error: expected a Kubernetes object with apiVersion and kind, got 7'],
    [{}, 'error: "kind" is missing'],
    [{ kind: 'Service' }, 'error: "apiVersion" is missing'],
    [{ kind: 1 }, 'error: kind: expected a kind such as Service, got 1'],
    [{ kind: 'Pod', apiVersion: 'v1' }, 'error: "metadata" is missing'],
    [{ kind: 'Node', apiVersion: 'v1', metadata: {} }, 'error: metadata: "name" is missing'],
    [{ ...service, spec: undefined }, 'error: Service shop/x: "spec" is missing'],
    [{ ...slice, addressType: undefined }, 'error: EndpointSlice shop/x: "addressType" is missing'],
    [{ ...service, spec: { ports: [{}] } }, 'error: Service shop/x: spec.ports[0]: "port" is missing'],
    [
      { ...slice, apiVersion: 'discovery.k8s.io/v1beta1' },
      'error: EndpointSlice shop/x: apiVersion: expected discovery.k8s.io/v1, the EndpointSlice that Shunt reads, got "discovery.k8s.io/v1beta1"',
    ],
    [
      { ...slice, addressType: 'IPv6' },
      'error: EndpointSlice shop/x: endpoints[0].addresses[0]: expected an IPv6 address, as the slice\'s addressType says, got "10.0.1.5"',
    ],
    [
      { ...service, apiVersion: 'serving.knative.dev/v1' },
      'warning: 1 Service (serving.knative.dev/v1) object is ignored: Shunt reads Service, EndpointSlice, Endpoints, Pod, Node, ServiceCIDR',
    ],
    [
      { kind: 'EndpointSlices', apiVersion: 'v1' },
      'warning: 1 EndpointSlices object is ignored: Shunt reads Service, EndpointSlice, Endpoints, Pod, Node, ServiceCIDR; did you mean EndpointSlice?',
    ],
  ];
  for (const [value, message] of rows) {
    test(message, () => {
      const checked = checkObject(value);
      expect(checked.diagnostics.map(formatDiagnostic)).toEqual([message]);
      expect(checked.object).toBeNull();
    });
  }

  test('an unknown field is a warning, and the object is kept', () => {
    const odd = { ...service, spec: { prots: [] } };
    const checked = checkObject(odd);
    expect(checked.object).toBe(odd);
    expect(checked.diagnostics.map(formatDiagnostic)).toEqual([
      'warning: Service shop/x: spec.prots: unknown field "spec.prots"; did you mean "spec.ports"?',
    ]);
  });
});

test('an empty namespace is none, and a cluster-scoped object loses its own', () => {
  expect(checkObject({ ...service, metadata: { name: 'x', namespace: '' } }).object?.metadata).toEqual({
    name: 'x',
  });
  expect(checkObject({ ...node, metadata: { name: 'x', namespace: 'y' } }).object?.metadata).toEqual({
    name: 'x',
  });
});

test('ten thousand Services and as many slices of ten endpoints are all kept', () => {
  const values: unknown[] = [];
  for (let i = 0; i < 10_000; i++) {
    values.push({ ...service, metadata: { ...metadata, name: `s${i}` } });
    const endpoints = Array.from({ length: 10 }, (_, j) => ({
      ...slice.endpoints[0],
      addresses: [`10.${i & 255}.0.${j}`],
    }));
    values.push({ ...slice, metadata: { ...metadata, name: `s${i}` }, endpoints });
  }
  const kept = values.filter((value) => checkObject(value).object !== null);
  expect(kept).toHaveLength(20_000);
});
