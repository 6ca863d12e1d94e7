/** The table of kube-proxy's nftables layout: its hooks, its empty maps, the rules that lead from one to the other. */
import type { Ruleset } from '@shunt/compiler';
import { cidrFamily, type Family, formatAddress, formatCidr } from '@shunt/model';

export const TABLE = 'kube-proxy';
/** The words of each family. */
export const NFT = {
  IPv4: { family: 'ip', type: 'ipv4_addr', loopback: '127.0.0.0/8' },
  IPv6: { family: 'ip6', type: 'ipv6_addr', loopback: '::1' },
} as const;
export const MARK = '0x4000';

const BASE_CHAINS = [
  ['filter-prerouting-pre-dnat', 'type filter hook prerouting priority -110'],
  ['filter-output-pre-dnat', 'type filter hook output priority -110'],
  ['filter-input', 'type filter hook input priority 0'],
  ['filter-forward', 'type filter hook forward priority 0'],
  ['filter-output', 'type filter hook output priority 0'],
  ['nat-prerouting', 'type nat hook prerouting priority -100'],
  ['nat-output', 'type nat hook output priority -100'],
  ['nat-postrouting', 'type nat hook postrouting priority 100'],
] as const;

const OTHER_CHAINS = [
  'services',
  'masquerading',
  'cluster-ips-check',
  'firewall-check',
  'nodeport-endpoints-check',
  'service-endpoints-check',
  'reject-chain',
];

/** The table with all that does not depend on single Services. */
export function staticCommands(ruleset: Ruleset, family: Family): string[] {
  const { family: nft, type } = NFT[family];
  const ip = nft;
  const key = `${ip} daddr . meta l4proto . th dport`;
  const served = nodePortMatch(ruleset, family);
  const cidrs = ruleset.serviceCIDRs.filter((range) => cidrFamily(range) === family).map(formatCidr);
  const serviceKey = `${type} . inet_proto . inet_service`;
  const add = (what: string, name: string, rest: string): string =>
    `add ${what} ${nft} ${TABLE} ${name} ${rest}`;
  const rules: [chain: string, rule: string][] = [
    ['filter-prerouting-pre-dnat', 'ct state new jump firewall-check'],
    ['filter-output-pre-dnat', 'ct state new jump firewall-check'],
    ['filter-input', 'ct state new jump nodeport-endpoints-check'],
    ['filter-input', 'ct state new jump service-endpoints-check'],
    ['filter-forward', 'ct state new jump service-endpoints-check'],
    ['filter-forward', 'ct state new jump cluster-ips-check'],
    ['filter-output', 'ct state new jump service-endpoints-check'],
    ['filter-output', 'ct state new jump cluster-ips-check'],
    ['nat-output', 'jump services'],
    ['nat-prerouting', 'jump services'],
    ['nat-postrouting', 'jump masquerading'],
    ['masquerading', `mark and ${MARK} != 0 mark set mark xor ${MARK} masquerade fully-random`],
    [
      'masquerading',
      `ct status dnat ${ip} saddr . ${ip} daddr . meta l4proto . th dport @hairpin-connections masquerade fully-random`,
    ],
    [
      'cluster-ips-check',
      `${ip} daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"`,
    ],
    ['firewall-check', `${key} vmap @firewall-ips`],
    ['reject-chain', 'reject'],
    ['nodeport-endpoints-check', `${served} meta l4proto . th dport vmap @no-endpoint-nodeports`],
    ['service-endpoints-check', `${key} vmap @no-endpoint-services`],
    ...clusterIPMark(ruleset, family),
    ['services', `${key} vmap @service-ips`],
    ['services', `${served} meta l4proto . th dport vmap @service-nodeports`],
  ];
  if (cidrs.length > 0) {
    const text = 'drop comment "Drop traffic to unallocated ClusterIPs"';
    rules.push(['cluster-ips-check', `${ip} daddr { ${cidrs.join(',')} } ${text}`]);
  }
  const { match } = ruleset.nodePorts[family];
  return [
    `add table ${nft} ${TABLE}`,
    `delete table ${nft} ${TABLE}`,
    `add table ${nft} ${TABLE} { comment "rules for kube-proxy" ; }`,
    ...BASE_CHAINS.map(([name, hook]) => add('chain', name, `{ ${hook} ; }`)),
    ...OTHER_CHAINS.map((name) => `add chain ${nft} ${TABLE} ${name}`),
    add('set', 'cluster-ips', `{ type ${type} ; }`),
    add('set', 'nodeport-ips', `{ type ${type} ; }`),
    add('set', 'hairpin-connections', `{ type ${type} . ${type} . inet_proto . inet_service ; }`),
    ...['firewall-ips', 'no-endpoint-services', 'service-ips'].map((name) =>
      add('map', name, `{ type ${serviceKey} : verdict ; }`),
    ),
    ...['no-endpoint-nodeports', 'service-nodeports'].map((name) =>
      add('map', name, '{ type inet_proto . inet_service : verdict ; }'),
    ),
    ...rules.map(([chain, rule]) => add('rule', chain, rule)),
    ...(match === 'local'
      ? []
      : match.map((each) => add('element', 'nodeport-ips', `{ ${formatAddress(each)} }`))),
  ];
}

/** Masquerade of what comes to cluster IPs: for all of them at once, since a detector is for all. */
function clusterIPMark({ podCIDRs, servicePorts }: Ruleset, family: Family): [string, string][] {
  const ip = NFT[family].family;
  const pods = podCIDRs.find((range) => cidrFamily(range) === family);
  const mark = `mark set mark or ${MARK}`;
  const masqueradesAll = servicePorts.some((port) =>
    port.frontends.some(({ kind, actions: { pod } }) => {
      const isOwn = kind === 'clusterIP' && port.family === family;
      return isOwn && pod.verdict === 'forward' && pod.masquerade === 'always';
    }),
  );
  if (masqueradesAll) return [['services', `${ip} daddr @cluster-ips ${mark}`]];
  if (pods === undefined) return [];
  return [['services', `${ip} daddr @cluster-ips ${ip} saddr != ${formatCidr(pods)} ${mark}`]];
}

function nodePortMatch({ nodePorts }: Ruleset, family: Family): string {
  const { family: ip, loopback } = NFT[family];
  if (nodePorts[family].match !== 'local') return `${ip} daddr @nodeport-ips`;
  return `fib daddr type local ${ip} daddr != ${loopback}`;
}
