import { parseAddress, parseCidr, shape } from '@shunt/model';

const { boolean, cidr, integer, ipAddress, list, mapOf, object, oneOf, string, text } = shape;

const port = integer(0, 65535);
const count = integer(0);
const modes = list(oneOf('iptables', 'nftables'));
const protocol = oneOf('TCP', 'UDP', 'SCTP');
const backends = list(text('ip:port or [ip6]:port', (value) => splitEndpoint(value) !== null));

const cidrPair = text('CIDRs with commas between them', (value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .every((item) => item === '' || parseCidr(item) !== null),
);

const modeConfig = {
  nodePortAddresses: list(cidr('primary')),
  localhostNodePorts: boolean(),
  serviceCIDRs: list(cidr()),
};

/** Objects are taken as they are: of their own fields, only what names them is asked for here. */
const kubernetesObject = object(
  { kind: string(), metadata: object({ name: string() }, { required: ['name'], open: true }) },
  { required: ['kind', 'metadata'], open: true },
);

const expectation = object(
  {
    verdict: oneOf('dnat', 'reject', 'drop', 'none', 'accept'),
    to: backends,
    masquerade: boolean(),
    masqueradeFor: backends,
  },
  { required: ['verdict'] },
);

const affinity = object({
  group: string(),
  sameAs: string(),
  independentOf: string(),
  key: string(),
  timeoutSeconds: count,
});

const packet = object(
  {
    name: string(),
    modes,
    protocol,
    from: ipAddress(),
    to: ipAddress(),
    port,
    expect: expectation,
    affinity,
  },
  { required: ['name', 'protocol', 'from', 'to', 'port', 'expect'] },
);

const facts = object({
  servicePorts: count,
  clusterEndpoints: list(ipAddress()),
  localEndpoints: list(ipAddress()),
  hasAnyEndpoints: boolean(),
  healthCheckNodePorts: mapOf(port),
  localReadyEndpoints: mapOf(count),
  localnetFirewallRule: boolean(),
  conntrackCleanupRequired: boolean(),
  rewrittenServices: list(string()),
  metrics: object({ sync_proxy_rules_no_local_endpoints_total: mapOf(count) }),
});

const flow = object(
  {
    protocol,
    origDst: ipAddress(),
    origDstPort: port,
    replySrc: ipAddress(),
    replySrcPort: port,
    deleted: boolean(),
  },
  // `origDst` must be there, too, but may be null: see case-meaning.ts.
  { required: ['protocol', 'origDstPort', 'replySrc', 'replySrcPort', 'deleted'] },
);

const step = object({
  delete: list(
    object({ kind: string(), namespace: string(), name: string() }, { required: ['kind', 'name'] }),
  ),
  change: list(kubernetesObject),
  packets: list(packet),
  facts,
});

/** The shape of a whole case file. */
export const caseShape = object(
  {
    name: string(),
    about: string(),
    source: string(),
    modes,
    node: object({ name: string(), ips: list(ipAddress()), zone: string() }, { required: ['name', 'ips'] }),
    config: object({
      clusterCIDR: cidrPair,
      ...modeConfig,
      masqueradeAll: boolean(),
      primaryNodeIPs: list(ipAddress()),
      byMode: object({ iptables: object(modeConfig), nftables: object(modeConfig) }),
    }),
    objects: list(kubernetesObject),
    packets: list(packet),
    facts,
    conntrackFlows: list(flow),
    steps: list(step),
  },
  { required: ['name', 'about', 'node', 'config', 'objects'] },
);

/**
 * Reads `ip:port` or `[ip6]:port`.
 * @returns address and port as written, or `null` when the text is none
 */
export function splitEndpoint(value: string): { readonly address: string; readonly port: number } | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(value);
  if (match === null) return null;
  const host = match[1] ?? match[2] ?? '';
  const number = Number(match[3]);
  return parseAddress(host) === null || number > 65535 ? null : { address: host, port: number };
}
