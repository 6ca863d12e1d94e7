import { parseAddress, parseCidr } from '@shunt/model';
import {
  dictionary,
  integer,
  isObject,
  list,
  nullable,
  object,
  oneOf,
  type Shape,
  text,
  textThat,
  truth,
  valueProblem,
} from './shape.js';

const address = textThat((value) => parseAddress(value) !== null, 'an IP address');
const cidr = textThat((value) => parseCidr(value) !== null, 'a CIDR');
const cidrPair = textThat(
  (value) =>
    value
      .split(',')
      .map((item) => item.trim())
      .every((item) => item === '' || parseCidr(item) !== null),
  'CIDRs, separated by commas',
);
const backend = textThat((value) => splitEndpoint(value) !== null, 'ip:port or [ip6]:port');
const port = integer(0, 65535);
const count = integer(0, Number.MAX_SAFE_INTEGER);
const modes = list(oneOf('iptables', 'nftables'), 1);
const protocol = oneOf('TCP', 'UDP', 'SCTP');

const nodePortAddresses: Shape = (value, path, report) => {
  const isPrimary = Array.isArray(value) && value.length === 1 && value[0] === 'primary';
  if (!isPrimary) list(cidr)(value, path, report);
};

const modeConfig = { nodePortAddresses, localhostNodePorts: truth, serviceCIDRs: list(cidr) };

/** Objects are taken as they are: of their own fields, only what names them is asked for. */
const kubernetesObject: Shape = (value, path, report) => {
  if (!isObject(value)) return report(valueProblem(path, 'a Kubernetes object', value));
  text(value.kind, [...path, 'kind'], report);
  if (!isObject(value.metadata))
    return report(valueProblem([...path, 'metadata'], 'an object', value.metadata));
  text(value.metadata.name, [...path, 'metadata', 'name'], report);
};

const expectation = object(
  {
    verdict: oneOf('dnat', 'reject', 'drop', 'none', 'accept'),
    to: list(backend),
    masquerade: truth,
    masqueradeFor: list(backend),
  },
  ['verdict'],
);

const packet: Shape = object(
  {
    name: text,
    modes,
    protocol,
    from: address,
    to: address,
    port,
    expect: expectation,
    affinity: object({
      group: text,
      sameAs: text,
      independentOf: text,
      key: text,
      timeoutSeconds: integer(0, 86_400 * 365),
    }),
  },
  ['name', 'protocol', 'from', 'to', 'port', 'expect'],
);

const facts = object({
  servicePorts: count,
  clusterEndpoints: nullable(list(address)),
  localEndpoints: nullable(list(address)),
  hasAnyEndpoints: truth,
  healthCheckNodePorts: dictionary(port),
  localReadyEndpoints: dictionary(count),
  localnetFirewallRule: truth,
  conntrackCleanupRequired: truth,
  rewrittenServices: list(text),
  metrics: object({ sync_proxy_rules_no_local_endpoints_total: dictionary(count) }),
});

const flow = object(
  {
    protocol,
    origDst: nullable(address),
    origDstPort: port,
    replySrc: address,
    replySrcPort: port,
    deleted: truth,
  },
  ['protocol', 'origDst', 'origDstPort', 'replySrc', 'replySrcPort', 'deleted'],
);

const step = object({
  delete: list(object({ kind: text, namespace: text, name: text }, ['kind', 'name'])),
  change: list(kubernetesObject),
  packets: list(packet),
  facts,
});

/** The shape of a whole case file. */
export const caseShape: Shape = object(
  {
    name: text,
    about: text,
    source: text,
    modes,
    node: object({ name: text, ips: list(address), zone: text }, ['name', 'ips']),
    config: object({
      clusterCIDR: cidrPair,
      ...modeConfig,
      masqueradeAll: truth,
      primaryNodeIPs: list(address),
      byMode: object({ iptables: object(modeConfig), nftables: object(modeConfig) }),
    }),
    objects: list(kubernetesObject),
    packets: list(packet),
    facts,
    conntrackFlows: list(flow),
    steps: list(step),
  },
  ['name', 'about', 'node', 'config', 'objects'],
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
