import { shape } from '@shunt/model';
import type { AllocationCase } from './allocation-case.js';
import type { CaseKind } from './case-kind.js';
import { runPoolCase } from './pool-cases.js';
import { runServiceCase } from './service-cases.js';

const { anything, boolean, integer, intOrString, list, object, oneOf, string } = shape;

const port = integer(0, 65535);
const portOrSymbol = intOrString(0, 65535);
const count = intOrString(0, Number.MAX_SAFE_INTEGER);
const band = list(portOrSymbol);
const value = anything();

const expectation = object({
  error: string(),
  distinct: boolean(),
  allIn: band,
  ip: string(),
  port,
  free: count,
  used: count,
  usable: count,
  size: integer(0, 65535),
  staticBandSize: integer(0),
  first: portOrSymbol,
  last: portOrSymbol,
  staticBand: band,
  dynamicBand: band,
  errors: list(
    object(
      {
        type: string(),
        field: string(),
        step: integer(0),
        why: oneOf('allocated', 'notInRange', 'full', 'notReady'),
      },
      { required: ['type'] },
    ),
  ),
  type: value,
  clusterIP: value,
  clusterIPs: value,
  ipFamilies: value,
  ipFamilyPolicy: value,
  nodePorts: value,
  healthCheckNodePort: value,
  externalTrafficPolicy: value,
  internalTrafficPolicy: value,
  allocateLoadBalancerNodePorts: value,
  loadBalancerClass: value,
  loadBalancerStatus: value,
  externalName: value,
  allocatedIPs: list(string()),
  releasedIPs: list(string()),
  allocatedPorts: list(portOrSymbol),
  releasedPorts: list(portOrSymbol),
  ipsHeld: list(string()),
  portsHeld: list(portOrSymbol),
  newIPsHeld: list(string()),
  newPortsHeld: list(portOrSymbol),
});

const step = object(
  {
    do: oneOf(
      'open',
      'allocate',
      'allocateNext',
      'release',
      'setReady',
      'hold',
      'stored',
      'create',
      'update',
      'delete',
    ),
    dryRun: boolean(),
    times: integer(1),
    ip: string(),
    port: integer(0),
    value: boolean(),
    ips: list(string()),
    ports: list(port),
    name: string(),
    metadata: object({}, { open: true }),
    spec: object({}, { open: true }),
    expect: expectation,
  },
  { required: ['do'] },
);

/** Cluster IPs and node ports: ranges alone, and Services as admission treats them. */
export const allocationCases: CaseKind<AllocationCase> = {
  kind: 'allocation',
  marks: ['steps', 'clusterFamilies', 'portRange', 'cidr'],
  shape: object(
    {
      name: string(),
      source: string(),
      note: string(),
      kind: oneOf('ipRange', 'portRange', 'ipFamilies', 'nodePorts', 'typeChange', 'lifecycle'),
      clusterFamilies: list(oneOf('IPv4', 'IPv6')),
      cidr: string(),
      portRange: string(),
      steps: list(step),
      expect: expectation,
    },
    { required: ['name', 'kind', 'steps'] },
  ),
  run: (allocationCase) =>
    allocationCase.kind === 'ipRange' || allocationCase.kind === 'portRange'
      ? runPoolCase(allocationCase)
      : runServiceCase(allocationCase),
};
