/** The rules that are there whatever Services there are: forwarding, masquerade, node-port addresses. */
import { type Family, formatAddress, isLoopback } from '@shunt/model';
import { protectsLocalnet } from '../../ruleset/node-ports.js';
import type { Ruleset } from '../../ruleset/types.js';
import {
  EXTERNAL_SERVICES,
  FIREWALL,
  FORWARDING,
  MARK_MASQUERADE,
  NODE_PORTS,
  POSTROUTING,
  PROXY_FIREWALL,
  SERVICES,
} from './chain-names.js';
import { type IptablesOptions, markText } from './iptables-options.js';
import { comment } from './rule-words.js';

/** The chains of the filter table that all service ports share. */
export const FILTER_CHAINS: readonly string[] = [
  NODE_PORTS,
  SERVICES,
  EXTERNAL_SERVICES,
  FORWARDING,
  PROXY_FIREWALL,
];

/** The chains of the nat table that all service ports share. */
export const NAT_CHAINS: readonly string[] = [SERVICES, NODE_PORTS, POSTROUTING, MARK_MASQUERADE];

/** Rules of KUBE-FORWARD: marked packets and known flows pass, whatever the host's own rules say. */
export function forwardingRules(options: IptablesOptions): string[] {
  const mark = markText(options);
  const nfacct = options.nfacct ? ' -m nfacct --nfacct-name ct_state_invalid_dropped_pkts' : '';
  const invalid = `-A ${FORWARDING} -m conntrack --ctstate INVALID${nfacct} -j DROP`;
  return [
    ...(options.tcpLiberal ? [] : [invalid]),
    `-A ${FORWARDING} ${comment('kubernetes forwarding rules')} -m mark --mark ${mark}/${mark} -j ACCEPT`,
    `-A ${FORWARDING} ${comment('kubernetes forwarding conntrack rule')} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  ];
}

/**
 * The rule of KUBE-FIREWALL: nobody from elsewhere reaches 127.0.0.0/8, which node ports on localhost would
 * allow (they need route_localnet). The kubelet writes the same rule.
 * @returns `null` where the rule is not needed
 */
export function localnetRule(ruleset: Ruleset, family: Family): string | null {
  if (family === 'IPv6' || !protectsLocalnet(ruleset)) return null;
  return `-A ${FIREWALL} ${comment('block incoming localnet connections')} -d 127.0.0.0/8 ! -s 127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`;
}

/** Rules of KUBE-POSTROUTING and KUBE-MARK-MASQ: who is marked is masqueraded, once. */
export function masqueradeRules(options: IptablesOptions): string[] {
  const mark = markText(options);
  const random = options.randomFully ? ' --random-fully' : '';
  return [
    `-A ${POSTROUTING} -m mark ! --mark ${mark}/${mark} -j RETURN`,
    // The packet may come by again, as when it is encapsulated, and must not be masqueraded then.
    `-A ${POSTROUTING} -j MARK --xor-mark ${mark}`,
    `-A ${POSTROUTING} ${comment('kubernetes service traffic requiring SNAT')} -j MASQUERADE${random}`,
    `-A ${MARK_MASQUERADE} -j MARK --or-mark ${mark}`,
  ];
}

/** The last rules of nat KUBE-SERVICES: which destinations are node-port addresses. */
export function nodePortJumps({ nodePorts }: Ruleset, family: Family): string[] {
  const { match, loopback } = nodePorts[family];
  const text = comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain');
  const jump = (words: string): string => `-A ${SERVICES} ${text} ${words} -j ${NODE_PORTS}`;
  if (match !== 'local') {
    const served = family === 'IPv6' ? match.filter((address) => !isLoopback(address)) : match;
    return served.map((address) => jump(`-d ${formatAddress(address)}`));
  }
  const but = family === 'IPv6' ? ' ! -d ::1/128' : loopback ? '' : ' ! -d 127.0.0.0/8';
  return [jump(`-m addrtype --dst-type LOCAL${but}`)];
}
