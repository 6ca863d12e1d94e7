import {
  ACTION_BY_SOURCE_RANGES,
  ACTION_ELSEWHERE_BYTE,
  ACTION_FINAL,
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  entryShift,
  type Family,
  INDEX_ENTRY_WORDS,
  INTERVAL4_WORDS,
  INTERVAL6_WORDS,
  invariant,
  keyHash4,
  keyHash6,
  LINE_ACTIONS,
  LINE_ADDRESS,
  LINE_CLUSTER_POOL,
  LINE_KIND,
  LINE_KINDS,
  LINE_LOCAL_POOL,
  LINE_PORT_KEY,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  LINE_SERVICE_PORT,
  LINE_WORDS,
  type Mode,
  ORIGINS,
  PROTOCOL_NUMBER,
  SPACE_ADDRESS,
  SPACE_HEALTH_CHECK,
  SPACE_NODE_PORT,
  VERDICTS,
} from '@shunt/model';
import type { Action, Frontend, Ruleset, ServicePort } from '../../ruleset/types.js';
import { addressWords } from './address-words.js';
import { hashCapacity } from './hash-capacity.js';
import { intervalWords } from './intervals.js';
import { PoolSections } from './pools.js';

// More entries shorten the probes of hits little, but most misses must end at the first entry.
const SLOTS_PER_FRONTEND = 2.4;

/** One frontend line's origin in the ruleset. */
export interface FrontendEntry {
  readonly servicePort: ServicePort;
  readonly frontend: Frontend;
}

/** The frontends of a ruleset as sections: lines, their indexes, and what lines point to. */
export interface FrontendSections {
  readonly lines: Uint32Array;
  readonly index: Readonly<Record<Family, Uint32Array>>;
  readonly sourceRanges: Readonly<Record<Family, readonly number[]>>;
  readonly pools: PoolSections;
  /** By frontend index; index 0 is none. */
  readonly entries: readonly (FrontendEntry | null)[];
}

/** Lays out all frontends, in the order of the ruleset. */
export function frontendSections(ruleset: Ruleset): FrontendSections {
  const frontendCount = ruleset.servicePorts.reduce((sum, port) => sum + port.frontends.length, 0);
  const lines = new Uint32Array((frontendCount + 1) * LINE_WORDS);
  const sourceRanges: Record<Family, number[]> = { IPv4: [], IPv6: [] };
  const pools = new PoolSections();
  const entries: (FrontendEntry | null)[] = [null];
  ruleset.servicePorts.forEach((servicePort, servicePortIndex) => {
    const clusterPool = pools.add(servicePort, 'cluster');
    const localPool = pools.add(servicePort, 'local');
    for (const frontend of servicePort.frontends) {
      const line = lines.subarray(entries.length * LINE_WORDS, (entries.length + 1) * LINE_WORDS);
      line.set(addressWords(frontend.address ?? 0), LINE_ADDRESS);
      line[LINE_PORT_KEY] = portKey(frontend, servicePort);
      line[LINE_KIND] = LINE_KINDS.indexOf(frontend.kind);
      line[LINE_ACTIONS] = actionsWord(frontend, ruleset.mode);
      writeSourceRanges(line, frontend, servicePort.family, sourceRanges);
      line.set(clusterPool, LINE_CLUSTER_POOL);
      line.set(localPool, LINE_LOCAL_POOL);
      line[LINE_SERVICE_PORT] = servicePortIndex;
      checkForwards(frontend, servicePort);
      entries.push({ servicePort, frontend });
    }
  });
  const index = { IPv4: indexWords(lines, entries, 'IPv4'), IPv6: indexWords(lines, entries, 'IPv6') };
  return { lines, index, sourceRanges, pools, entries };
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

function writeSourceRanges(
  line: Uint32Array,
  { kind, sourceRanges }: Frontend,
  family: Family,
  sections: Record<Family, number[]>,
): void {
  // Ranges guard addresses: what reaches a node port is not asked.
  if (sourceRanges === null || kind === 'nodePort' || kind === 'healthCheckNodePort') return;
  const recordWords = family === 'IPv4' ? INTERVAL4_WORDS : INTERVAL6_WORDS;
  const words = intervalWords(sourceRanges, family);
  line[LINE_RANGES_FIRST] = sections[family].length / recordWords;
  line[LINE_RANGES_COUNT] = words.length / recordWords + 1;
  sections[family].push(...words);
}

function checkForwards({ actions }: Frontend, { clusterPool, localPool }: ServicePort): void {
  for (const origin of ORIGINS) {
    const action = actions[origin];
    if (action.verdict !== 'forward') continue;
    const pool = action.pool === 'cluster' ? clusterPool : localPool;
    invariant(pool !== null && pool.backends.length > 0, 'an action forwards to a pool with backends');
  }
}

function indexWords(
  lines: Uint32Array,
  entries: readonly (FrontendEntry | null)[],
  family: Family,
): Uint32Array {
  const count = entries.filter((entry) => entry?.servicePort.family === family).length;
  const capacity = hashCapacity(count, SLOTS_PER_FRONTEND);
  const words = new Uint32Array(capacity * INDEX_ENTRY_WORDS);
  entries.forEach((entry, frontend) => {
    if (entry?.servicePort.family !== family) return;
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0, key = 0] = keyOf(lines, frontend);
    const hash = family === 'IPv4' ? keyHash4(w0, key) : keyHash6(w0, w1, w2, w3, key);
    let at = (hash >>> entryShift(capacity)) * INDEX_ENTRY_WORDS;
    while (words[at] !== 0 && !sameKey(lines, words[at + 1] as number, frontend)) {
      at = (at + INDEX_ENTRY_WORDS) & (words.length - 1);
    }
    words[at] = hash | 1;
    words[at + 1] = frontend;
  });
  return words;
}

function keyOf(lines: Uint32Array, frontend: number): Uint32Array {
  const line = frontend * LINE_WORDS;
  return lines.subarray(line + LINE_ADDRESS, line + LINE_PORT_KEY + 1);
}

// Of two frontends with one key the later one counts, as in the specification.
function sameKey(lines: Uint32Array, a: number, b: number): boolean {
  const other = keyOf(lines, b);
  return keyOf(lines, a).every((word, index) => word === other[index]);
}
