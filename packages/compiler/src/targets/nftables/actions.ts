/** What a frontend's actions need: pools, a split, or only a verdict. */
import type { Origin } from '@shunt/model';
import {
  type Action,
  type Frontend,
  type Pool,
  type PoolName,
  type ServicePort,
  servicePortName,
} from '../../ruleset/types.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { type PoolClass, poolClass } from './pool-class.js';
import { CLASS_DROP, CLASS_REJECT, MASQUERADE_BIT } from './word.js';

export const ORIGINS: readonly Origin[] = ['pod', 'node', 'outside'];

/**
 * The verdict of a refusal that leaves the packet to a node port on the same address and port, if there is one:
 * kube-proxy's nftables rules refuse in the filter hooks, behind the translation of node ports. It is so for
 * every reject, and for the drop of a cluster IP, which both are for all origins alike.
 * @returns the class of the verdict, or `null` if the frontend is no such refusal
 */
export function lateRefusal({ kind, actions }: Frontend): number | null {
  if (kind === 'nodePort') return null;
  const all = (verdict: Action['verdict']): boolean =>
    ORIGINS.every((origin) => actions[origin].verdict === verdict);
  if (all('reject')) return CLASS_REJECT;
  return kind === 'clusterIP' && all('drop') ? CLASS_DROP : null;
}

export interface UsedPool {
  readonly name: PoolName;
  readonly pool: Pool;
  readonly poolClass: PoolClass;
}

/** The pools that some frontend forwards to. */
export function usedPools(port: ServicePort): readonly UsedPool[] {
  const forwardsTo = (name: PoolName): boolean =>
    port.frontends.some(({ actions }) =>
      ORIGINS.some((origin) => {
        const action = actions[origin];
        return action.verdict === 'forward' && action.pool === name;
      }),
    );
  const used: UsedPool[] = [];
  for (const name of ['cluster', 'local'] as const) {
    const pool = name === 'cluster' ? port.clusterPool : port.localPool;
    if (pool !== null && forwardsTo(name)) used.push({ name, pool, poolClass: poolClass(port, name, pool) });
  }
  return used;
}

/** What the origins get, if it is not one pool or one verdict for all: a name for it. `null`: it is. */
export function splitName({ actions }: Frontend): string | null {
  const [pod, node, outside] = ORIGINS.map((origin) => destination(actions[origin]));
  if (pod === node && node === outside) return null;
  return ORIGINS.map((origin) => actionName(actions[origin])).join(', ');
}

/** The word's lower bits of one action, where a pool's class is given; the flag is that of the origin. */
export function lowBits(action: Action, origin: Origin, classNumber: (pool: PoolName) => number): number {
  switch (action.verdict) {
    case 'reject':
      return CLASS_REJECT;
    case 'drop':
      return CLASS_DROP;
    case 'forward':
      return classNumber(action.pool) | (action.masquerade === 'always' ? MASQUERADE_BIT[origin] : 0);
    default:
      throw new RangeError(`"action" expected one of nftables mode, got ${action.verdict}`);
  }
}

/** @throws {UnsupportedFeatureError} for an action that only iptables mode has */
export function checkActions(port: ServicePort): void {
  for (const { kind, actions } of port.frontends) {
    const stray = ORIGINS.find((origin) => ['accept', 'none'].includes(actions[origin].verdict));
    if (stray === undefined) continue;
    throw new UnsupportedFeatureError(
      'nftables',
      `action "${actions[stray].verdict}"`,
      `${kind} of ${servicePortName(port)} ${port.protocol} has it for packets from ${stray}; only rulesets in iptables mode do`,
    );
  }
}

function destination(action: Action): string {
  return action.verdict === 'forward' ? action.pool : action.verdict;
}

function actionName(action: Action): string {
  return action.verdict === 'forward' ? `${action.pool} ${action.masquerade}` : action.verdict;
}
