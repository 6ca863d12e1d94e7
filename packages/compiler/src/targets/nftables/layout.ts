/**
 * The part of a table that does not depend on Services: declarations of maps and sets, and the chains, whose
 * number does not grow with the Services. docs/nftables-target.md tells how they work together.
 */
import { cidrFamily, type Family, formatCidr, type Origin } from '@shunt/model';
import type { RulesetSections } from '../../ruleset/types.js';
import { FAMILY_TEXT } from './family-text.js';
import { hairpinConditions } from './hairpin.js';
import type { NftablesOptions } from './options.js';
import { SLOT_KEY } from './pool-class.js';
import {
  CLASS_DROP,
  CLASS_MASK,
  CLASS_REJECT,
  CLASS_SPLIT,
  ID_MASK,
  MASQUERADE_BIT,
  RANGES_BIT,
  wordText,
} from './word.js';

const ORIGINS: readonly Origin[] = ['pod', 'node', 'outside'];

/** Records of clients, at most; beyond, new clients are balanced as if there were no affinity. */
const AFFINITY_RECORDS = 262_144;

/** Maps and sets that every table has, as in `NftTable.declarations`. Classes have their own besides. */
export function declarations(family: Family, options: NftablesOptions): [name: string, text: string][] {
  const { table, addressType } = FAMILY_TEXT[family];
  const words = 'typeof meta priority : meta priority';
  const counter = options.counters ? '; counter' : '';
  const affinityKey =
    family === 'IPv4'
      ? 'ip saddr . meta priority'
      : 'meta priority . numgen random mod 2 . numgen random mod 2 . numgen random mod 2';
  return [
    ['frontends', `map type ${addressType} . inet_proto . inet_service : classid${counter}`],
    ['node-ports', `map type inet_proto . inet_service : classid${counter}`],
    ['refusals', `map type ${addressType} . inet_proto . inet_service : classid${counter}`],
    ...ORIGINS.map((origin): [string, string] => [`from-${origin}`, `map ${words}`]),
    ['classes', 'map typeof meta priority : verdict'],
    ['pool-slots', `map ${SLOT_KEY} : meta priority`],
    ['pool-backends', `map typeof meta priority : ${table} daddr . th dport`],
    ['affinity-slots-cluster', `map ${SLOT_KEY} : meta priority`],
    ['affinity-slots-local', `map ${SLOT_KEY} : meta priority`],
    ['affinity-backends-cluster', `map typeof meta priority : ${table} daddr . th dport`],
    ['affinity-backends-local', `map typeof meta priority : ${table} daddr . th dport`],
    [
      'affinity',
      `map typeof ${affinityKey} : meta priority; size ${AFFINITY_RECORDS}; flags dynamic,timeout; timeout 3h`,
    ],
    ['source-ranges', `set type ${addressType} . inet_proto . inet_service . ${addressType}; flags interval`],
    ['cluster-ips', `set type ${addressType}`],
    ['local-addresses', `set type ${addressType}`],
    ['node-port-addresses', `set type ${addressType}`],
    ['hairpin', `set type ${addressType} . ${addressType}`],
  ];
}

/** The declaration of the map of slots that a class of kind `direct` has. */
export function slotsDeclaration(family: Family): string {
  return `map ${SLOT_KEY} : ${FAMILY_TEXT[family].table} daddr . th dport`;
}

/** Classes that are verdicts, as elements of the map `classes`. */
export const VERDICT_CLASSES: readonly (readonly [key: string, data: string])[] = [
  [wordText(CLASS_REJECT), 'goto reject-it'],
  [wordText(CLASS_DROP), 'drop'],
];

/** The chains that every table has, without those of the classes. */
export function chains(
  family: Family,
  sections: RulesetSections,
  options: NftablesOptions,
): [name: string, rules: string[]][] {
  const { table } = FAMILY_TEXT[family];
  const mark = `0x${options.masqueradeMark.toString(16).padStart(8, '0')}`;
  return [
    ['reject-it', ['reject']],
    ['send', [`meta l4proto { tcp, udp, sctp } dnat ${table} to meta priority map @pool-backends`]],
    ...(['cluster', 'local'] as const).map((list): [string, string[]] => [
      `send-${list}`,
      [`meta l4proto { tcp, udp, sctp } dnat ${table} to meta priority map @affinity-backends-${list}`],
    ]),
    ...ORIGINS.map((origin): [string, string[]] => [
      `from-${origin}`,
      [
        `meta priority & ${CLASS_MASK} == ${wordText(CLASS_SPLIT)} meta priority set meta priority & ${ID_MASK} map @from-${origin}`,
        `meta priority & ${wordText(MASQUERADE_BIT[origin])} != none meta mark set meta mark | ${mark}`,
        `meta priority & ${CLASS_MASK} vmap @classes`,
        'drop',
      ],
    ]),
    ['dispatch', dispatchRules(family, sections)],
    ['node-ports', nodePortRules(family, sections)],
    [
      'refuse',
      [
        sourceRangesRule(table),
        'jump node-ports',
        `meta priority & ${CLASS_MASK} == ${wordText(CLASS_DROP)} drop`,
        'reject',
      ],
    ],
    [
      'services',
      [
        `meta priority set ${table} daddr . meta l4proto . th dport map @frontends goto dispatch`,
        `meta priority set ${table} daddr . meta l4proto . th dport map @refusals goto refuse`,
        'goto node-ports',
      ],
    ],
    [
      'incoming-to-cluster-ips',
      clusterIPRules(family, sections, `${table} daddr != @local-addresses fib daddr type != local `),
    ],
    ['outgoing-to-cluster-ips', clusterIPRules(family, sections, '')],
    ['masquerade-it', [`meta mark set meta mark ^ ${mark}`, 'masquerade fully-random']],
    ...baseChains(family, mark),
  ];
}

function baseChains(family: Family, mark: string): [string, string[]][] {
  return [
    [
      'nat-prerouting',
      [
        'type nat hook prerouting priority dstnat; policy accept;',
        'jump services',
        'goto incoming-to-cluster-ips',
      ],
    ],
    [
      'nat-output',
      ['type nat hook output priority -100; policy accept;', 'jump services', 'goto outgoing-to-cluster-ips'],
    ],
    ...postroutingChains(family, mark),
  ];
}

function postroutingChains(family: Family, mark: string): [string, string[]][] {
  const { table } = FAMILY_TEXT[family];
  const [first, ...further] = hairpinConditions(family);
  const chainOf = (part: number): string => (part < further.length ? `hairpin-${part + 1}` : 'hairpin');
  const protocols = 'meta l4proto { tcp, udp, sctp }';
  const wanted = 'meta l4proto . ct original proto-dst';
  return [
    ['masquerade-hairpin', ['meta priority set none', 'masquerade fully-random']],
    [
      'hairpin',
      // Who else translates connections has its own ways: what was asked for must be a frontend.
      [
        `${protocols} meta priority set ct original ${table} daddr . ${wanted} map @frontends goto masquerade-hairpin`,
        `${protocols} meta priority set ${wanted} map @node-ports goto masquerade-hairpin`,
      ],
    ],
    ...further.map((condition, part): [string, string[]] => [
      chainOf(part),
      [`${condition} goto ${chainOf(part + 1)}`],
    ]),
    [
      'nat-postrouting',
      [
        'type nat hook postrouting priority srcnat; policy accept;',
        `ct status dnat meta priority & ${ID_MASK} != none meta priority set none`,
        `${isMarked(mark)} goto masquerade-it`,
        `ct status dnat ${first} goto ${chainOf(0)}`,
      ],
    ],
  ];
}

// A mask of the highest bits is listed as a prefix.
function isMarked(mark: string): string {
  return mark === '0x80000000' ? 'meta mark != 0x00000000/1' : `meta mark & ${mark} != 0x00000000`;
}

function sourceRangesRule(table: 'ip' | 'ip6'): string {
  const key = `${table} daddr . meta l4proto . th dport . ${table} saddr`;
  return `meta priority & ${wordText(RANGES_BIT)} != none ${key} != @source-ranges drop`;
}

// Pods before local addresses, as the ruleset's origins say. What is local, the ruleset knows from the Node
// object, and the kernel besides: a bridge's address is on no Node.
function dispatchRules(family: Family, { podCIDRs }: RulesetSections): string[] {
  const { table } = FAMILY_TEXT[family];
  return [
    sourceRangesRule(table),
    ...podCIDRs
      .filter((range) => cidrFamily(range) === family)
      .map((range) => `${table} saddr ${rangeText(range)} goto from-pod`),
    `${table} saddr @local-addresses goto from-node`,
    'fib saddr type local goto from-node',
    'goto from-outside',
  ];
}

function nodePortRules(family: Family, { nodePorts }: RulesetSections): string[] {
  const { table, loopback } = FAMILY_TEXT[family];
  const found = 'meta priority set meta l4proto . th dport map @node-ports goto dispatch';
  const listed = `${table} daddr @node-port-addresses ${found}`;
  if (nodePorts[family].match !== 'local') return [listed];
  return [listed, `fib daddr type local ${table} daddr != ${loopback} ${found}`];
}

function clusterIPRules(family: Family, { serviceCIDRs }: RulesetSections, condition: string): string[] {
  const { table } = FAMILY_TEXT[family];
  return [
    `${table} daddr @cluster-ips ${condition}goto reject-it`,
    ...serviceCIDRs
      .filter((range) => cidrFamily(range) === family)
      .map((range) => `${table} daddr ${rangeText(range)} ${condition}drop`),
  ];
}

/** As nft writes a range: a single address without its length. */
export function rangeText(range: Parameters<typeof formatCidr>[0]): string {
  const text = formatCidr(range);
  const bits = cidrFamily(range) === 'IPv4' ? '/32' : '/128';
  return text.endsWith(bits) ? text.slice(0, -bits.length) : text;
}
