import type { NodeView, ProxyConfig } from '@shunt/compiler';
import { formatAddress, formatCidr, type KubernetesObject, type Packet } from '@shunt/model';
import { writeYaml } from './as-yaml.js';
import type { ClusterChange } from './cluster.js';

/** What a property was looking at when it failed. */
export interface CounterExample {
  readonly cluster: Iterable<KubernetesObject>;
  readonly node: NodeView;
  readonly config: ProxyConfig;
  readonly packets?: readonly Packet[];
  /** One step of the case for each change. */
  readonly changes?: Iterable<ClusterChange>;
  /** What went wrong, in a line or several; printed as a comment. */
  readonly problem?: string;
}

/**
 * Writes a counter-example as a packet-flow case, so that it can be read, and kept as a file once
 * the expected verdicts are filled in.
 */
export function describeCounterExample(example: CounterExample): string {
  const { cluster, config, packets = [], changes = [] } = example;
  const steps = [...changes].map(stepOf);
  const body = {
    name: 'counter-example',
    about: 'found by a property',
    modes: [config.mode],
    node: nodeOf(example.node),
    config: configOf(example),
    objects: [...cluster],
    ...(steps.length > 0 ? { steps } : {}),
  };
  const problem = (example.problem ?? '').split('\n').filter((line) => line !== '');
  const lines = [...packets].map((packet) => `- ${packetLine(packet)}\n`);
  const listed = lines.length === 0 ? '' : `packets:\n${lines.join('')}`;
  return `${problem.map((line) => `# ${line}\n`).join('')}${writeYaml(body)}${listed}`;
}

function stepOf(change: ClusterChange): object {
  if (change.type === 'upsert') return { change: [change.object] };
  return { delete: [change.reference] };
}

function nodeOf({ name, addresses, zone }: NodeView): object {
  return { name, ips: addresses.map(formatAddress), ...(zone === null ? {} : { zone }) };
}

function configOf({ config, node }: CounterExample): object {
  const { nodePortAddresses } = config;
  return {
    clusterCIDR: config.clusterCIDRs.map(formatCidr).join(','),
    nodePortAddresses:
      typeof nodePortAddresses === 'string'
        ? namedNodePorts(nodePortAddresses)
        : nodePortAddresses.map(formatCidr),
    localhostNodePorts: config.localhostNodePorts,
    masqueradeAll: config.masqueradeAll,
    serviceCIDRs: config.serviceCIDRs.map(formatCidr),
    primaryNodeIPs: node.primaryAddresses.map(formatAddress),
  };
}

function namedNodePorts(name: 'all' | 'primary'): string[] {
  return name === 'all' ? [] : [name];
}

/** `{name: ..., protocol: TCP, from: 10.0.0.2, to: 10.96.0.10, port: 80}`. */
function packetLine({ protocol, source, sourcePort, destination, destinationPort }: Packet): string {
  const comment = sourcePort === undefined ? '' : ` # source port ${sourcePort}`;
  const [from, to] = [source, destination].map((address) => JSON.stringify(formatAddress(address)));
  return `{protocol: ${protocol}, from: ${from}, to: ${to}, port: ${destinationPort}}${comment}`;
}
