/**
 * The rules in the kernel's own chains that lead to kube-proxy's. They are not among the rules that are
 * written again and again: each is put in front of its chain when it is missing, and left alone otherwise.
 */
import {
  EXTERNAL_SERVICES,
  FIREWALL,
  FORWARDING,
  NODE_PORTS,
  POSTROUTING,
  PROXY_FIREWALL,
  SERVICES,
} from './chain-names.js';
import { comment } from './rule-words.js';

export interface JumpRule {
  readonly table: 'filter' | 'nat';
  /** The kernel's own chain. */
  readonly from: 'INPUT' | 'FORWARD' | 'OUTPUT' | 'PREROUTING' | 'POSTROUTING';
  readonly to: string;
  /** All words behind the chain: matches, comment, `-j`. */
  readonly words: string;
}

const NEW = '-m conntrack --ctstate NEW';

function jump(
  table: JumpRule['table'],
  from: JumpRule['from'],
  to: string,
  text: string | null,
  match = '',
): JumpRule {
  const words = [match, text === null ? '' : comment(text), `-j ${to}`]
    .filter((part) => part !== '')
    .join(' ');
  return { table, from, to, words };
}

const EXTERNAL_PORTALS = 'kubernetes externally-visible service portals';
const PORTALS = 'kubernetes service portals';
const LOAD_BALANCERS = 'kubernetes load balancer firewall';

/** In the order in which they are put in front: of those of one chain, the last one ends up first. */
export const JUMP_RULES: readonly JumpRule[] = [
  jump('filter', 'INPUT', EXTERNAL_SERVICES, EXTERNAL_PORTALS, NEW),
  jump('filter', 'FORWARD', EXTERNAL_SERVICES, EXTERNAL_PORTALS, NEW),
  jump('filter', 'INPUT', NODE_PORTS, 'kubernetes health check service ports'),
  jump('filter', 'FORWARD', SERVICES, PORTALS, NEW),
  jump('filter', 'OUTPUT', SERVICES, PORTALS, NEW),
  jump('filter', 'FORWARD', FORWARDING, 'kubernetes forwarding rules'),
  jump('filter', 'INPUT', PROXY_FIREWALL, LOAD_BALANCERS, NEW),
  jump('filter', 'OUTPUT', PROXY_FIREWALL, LOAD_BALANCERS, NEW),
  jump('filter', 'FORWARD', PROXY_FIREWALL, LOAD_BALANCERS, NEW),
  jump('nat', 'OUTPUT', SERVICES, PORTALS),
  jump('nat', 'PREROUTING', SERVICES, PORTALS),
  jump('nat', 'POSTROUTING', POSTROUTING, 'kubernetes postrouting rules'),
  jump('filter', 'INPUT', FIREWALL, null),
  jump('filter', 'OUTPUT', FIREWALL, null),
];
