import type { BalanceChoice } from '@shunt/compiler';
import type { Address, Cidr, Mode } from '@shunt/model';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { BALANCE_CHOICES, balanceOption, slotsPerBackendOption } from './balance-option.js';
import { addLiveOptions } from './live-options.js';
import {
  addAdmissionOptions,
  addFilenameOption,
  addLimitOptions,
  type ManifestOptions,
} from './manifest-options.js';
import {
  addressesOption,
  booleanOption,
  clusterCIDROption,
  modeOption,
  nodePortAddressesOption,
  seedOption,
} from './parsers.js';

/** What says which cluster, which node and which rules: the options of all commands that read manifests. */
export interface ClusterOptions extends ManifestOptions {
  readonly config?: string;
  readonly proxyMode?: Mode;
  readonly node?: string;
  readonly nodeIp?: readonly Address[];
  readonly nodeZone?: string;
  readonly clusterCidr?: readonly Cidr[];
  readonly nodeportAddresses?: 'all' | 'primary' | readonly Cidr[];
  readonly localhostNodeports?: boolean;
  readonly masqueradeAll?: boolean;
  readonly balance?: BalanceChoice;
  readonly slotsPerBackend?: number;
  readonly seed: number;
}

/**
 * Adds the options to a command. Names are kube-proxy's where it has them.
 * @param node - which one is meant where none is named, in words
 */
export function addClusterOptions(command: Command, node = 'the only Node of the manifests'): Command {
  const option = (flags: string, description: string): Option => new Option(flags, description);
  const options = [
    option('--config <file>', 'a KubeProxyConfiguration; options win over it'),
    option('--proxy-mode <mode>', 'whose rules to follow (default: the mode of --config, else nftables)')
      .choices(['iptables', 'nftables'])
      .argParser(modeOption),
    option('--node <name>', `the node whose rules are made (default: ${node})`).argParser(nameOption),
    option('--hostname-override <name>', 'the same as --node').argParser(nameOption).hideHelp(),
    option(
      '--node-ip <ip>',
      'an address of the node, the first of a family is its primary one; repeatable',
    ).argParser(addressesOption),
    option('--node-zone <zone>', "the node's zone (default: its label topology.kubernetes.io/zone)"),
    option('--cluster-cidr <cidrs>', 'which sources are pods: one CIDR for each family').argParser(
      clusterCIDROption,
    ),
    option(
      '--nodeport-addresses <addresses>',
      'where node ports are served: all, primary, or CIDRs',
    ).argParser(nodePortAddressesOption),
    option('--localhost-nodeports <boolean>', 'node ports on 127.0.0.0/8 too (iptables mode; default: true)')
      .choices(['true', 'false'])
      .argParser(booleanOption),
    option('--masquerade-all [boolean]', 'masquerade all traffic to cluster IPs')
      .choices(['true', 'false'])
      .argParser(booleanOption)
      .preset('true'),
    option(
      '--balance <strategy>',
      'how pools spread new flows, for Services without the annotation shunt.dev/balance',
    )
      .choices(BALANCE_CHOICES)
      .argParser(balanceOption),
    option(
      '--slots-per-backend <number>',
      'for maglev, rendezvous, ring and jump, for Services without the annotation shunt.dev/slots-per-backend (default: 16)',
    ).argParser(slotsPerBackendOption),
    option('--seed <number>', 'of the flow hash, the same on every node').argParser(seedOption).default(0),
  ];
  addLiveOptions(addFilenameOption(command));
  for (const it of options) command.addOption(it);
  addLimitOptions(addAdmissionOptions(command));
  return command.on('option:hostname-override', (name: string) => command.setOptionValue('node', name));
}

function nameOption(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected a name.');
  return text;
}
