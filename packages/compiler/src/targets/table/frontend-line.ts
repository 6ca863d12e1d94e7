import {
  ACTION_BY_SOURCE_RANGES,
  ACTION_ELSEWHERE_BYTE,
  ACTION_FINAL,
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  invariant,
  LINE_ACTIONS,
  LINE_ADDRESS,
  LINE_KIND,
  LINE_KINDS,
  LINE_PORT_KEY,
  type Mode,
  ORIGINS,
  PROTOCOL_NUMBER,
  SPACE_ADDRESS,
  SPACE_HEALTH_CHECK,
  SPACE_NODE_PORT,
  VERDICTS,
} from '@shunt/model';
import type { Action, Frontend, ServicePort } from '../../ruleset/types.js';
import { addressWords } from './address-words.js';

/** Writes what the line at a word offset says of its frontend alone: the key, the kind and the actions. */
export function writeFrontend(
  image: Uint32Array,
  line: number,
  frontend: Frontend,
  servicePort: ServicePort,
  mode: Mode,
): void {
  checkForwards(frontend, servicePort);
  image.set(addressWords(frontend.address ?? 0), line + LINE_ADDRESS);
  image[line + LINE_PORT_KEY] = portKey(frontend, servicePort);
  image[line + LINE_KIND] = LINE_KINDS.indexOf(frontend.kind);
  image[line + LINE_ACTIONS] = actionsWord(frontend, mode);
}

/** The action byte for a source that the source ranges do not let in. */
export function blockedAction(mode: Mode): number {
  return VERDICTS.indexOf('drop') | ACTION_BY_SOURCE_RANGES | (mode === 'nftables' ? ACTION_FINAL : 0);
}

function portKey({ kind, port }: Frontend, { protocol }: ServicePort): number {
  const isHealthCheck = kind === 'healthCheckNodePort';
  const space = isHealthCheck ? SPACE_HEALTH_CHECK : kind === 'nodePort' ? SPACE_NODE_PORT : SPACE_ADDRESS;
  return ((port << 16) | space | PROTOCOL_NUMBER[isHealthCheck ? 'TCP' : protocol]) >>> 0;
}

function actionsWord(frontend: Frontend, mode: Mode): number {
  let word = 0;
  ORIGINS.forEach((origin, index) => {
    word |= actionByte(frontend.actions[origin], frontend, mode) << (8 * index);
  });
  if (frontend.kind === 'nodePort') {
    const { outside } = frontend.actions;
    const refuses = outside.verdict === 'reject' || outside.verdict === 'drop';
    if (refuses) word |= actionByte(outside, frontend, mode) << (8 * ACTION_ELSEWHERE_BYTE);
  }
  return word >>> 0;
}

function actionByte(action: Action, { kind }: Frontend, mode: Mode): number {
  // A health-check port lets in what it matches, whatever the origin; elsewhere `accept` decides nothing.
  if (kind === 'healthCheckNodePort') return VERDICTS.indexOf('accept');
  if (action.verdict === 'accept') return VERDICTS.indexOf('none');
  if (action.verdict === 'forward') {
    const pool = action.pool === 'local' ? ACTION_LOCAL_POOL : 0;
    return VERDICTS.indexOf('dnat') | pool | (action.masquerade === 'always' ? ACTION_MASQUERADE : 0);
  }
  // nftables mode leaves the dispatch by `goto` when it drops external traffic for want of endpoints;
  // a reject, and any refusal in iptables mode, is left to the filter rules behind the node ports.
  const isFinal = mode === 'nftables' && action.verdict === 'drop' && kind !== 'clusterIP';
  return VERDICTS.indexOf(action.verdict) | (isFinal ? ACTION_FINAL : 0);
}

/** @throws {InvariantError} if an action forwards to where there is no backend */
export function checkForwards({ actions }: Frontend, { clusterPool, localPool }: ServicePort): void {
  for (const origin of ORIGINS) {
    const action = actions[origin];
    if (action.verdict !== 'forward') continue;
    const pool = action.pool === 'cluster' ? clusterPool : localPool;
    invariant(pool !== null && pool.backends.length > 0, 'an action forwards to a pool with backends');
  }
}
