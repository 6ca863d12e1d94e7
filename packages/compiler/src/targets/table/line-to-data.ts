import {
  ACTION_ELSEWHERE_BYTE,
  ACTION_FINAL,
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  ACTION_VERDICT_MASK,
  type Address,
  backendNumber,
  type Family,
  formatAddress,
  INTERVAL4_WORDS,
  INTERVAL6_WORDS,
  ipv6FromWords,
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
  lineOffset,
  ORIGINS,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_RANDOM,
  POOL_SLOTS,
  POOL_WIDTH_SHIFT,
  POOL_WORD,
  protocolFromNumber,
  SERVICE_PORT_AFFINITY,
  SERVICE_PORT_NUMBER,
  VERDICTS,
} from '@shunt/model';
import { servicePortKey } from '../../ruleset/types.js';
import { backendWords } from './pools.js';
import type { FrontendEntry } from './table-directory.js';

/** The pool of a line. */
export interface TablePoolData {
  readonly slotCount: number;
  /** Bits that a slot takes in the image; 0 where slot i is backend i. */
  readonly slotBits: number;
  /** Word of the image where they begin; 0 without slots in the image. */
  readonly slotsOffset: number;
  /** Number of the first place for a backend. */
  readonly firstBackend: number;
  readonly random: boolean;
}

/** One frontend's line, in words for people. */
export interface TableFrontendData {
  readonly line: number;
  /** Family, ServicePortName and protocol. */
  readonly servicePort: string;
  readonly servicePortNumber: number;
  /** Of ClientIP affinity; 0 without. */
  readonly affinitySeconds: number;
  readonly kind: (typeof LINE_KINDS)[number];
  /** `null` for a port on the node's addresses. */
  readonly address: string | null;
  readonly port: number;
  readonly protocol: string;
  /** By origin, and `elsewhere` for local addresses that do not serve node ports. */
  readonly actions: Readonly<Record<'pod' | 'node' | 'outside' | 'elsewhere', string>>;
  /** Intervals `first-last`; `null`: every source is let in. */
  readonly sourceRanges: readonly string[] | null;
  readonly clusterPool: TablePoolData | null;
  readonly localPool: TablePoolData | null;
}

/** Reads one frontend of a service port back from the image. */
export function lineToData(
  image: Uint32Array,
  line: number,
  { servicePort }: FrontendEntry,
): TableFrontendData {
  const words = image.subarray(lineOffset(line), lineOffset(line) + LINE_WORDS);
  const word = (at: number): number => words[at] as number;
  const servicePortAt = word(LINE_SERVICE_PORT);
  const { family } = servicePort;
  const kind = LINE_KINDS[word(LINE_KIND)] ?? 'none';
  const hasAddress = kind !== 'nodePort' && kind !== 'healthCheckNodePort';
  const action = (byte: number): string => actionText((word(LINE_ACTIONS) >>> (8 * byte)) & 0xff);
  return {
    line,
    servicePort: servicePortKey(servicePort),
    servicePortNumber: image[servicePortAt + SERVICE_PORT_NUMBER] as number,
    affinitySeconds: image[servicePortAt + SERVICE_PORT_AFFINITY] as number,
    kind,
    address: hasAddress ? formatAddress(addressAt(words, LINE_ADDRESS, family)) : null,
    port: word(LINE_PORT_KEY) >>> 16,
    protocol: protocolFromNumber(word(LINE_PORT_KEY) & 0xff) ?? '',
    actions: {
      pod: action(ORIGINS.indexOf('pod')),
      node: action(ORIGINS.indexOf('node')),
      outside: action(ORIGINS.indexOf('outside')),
      elsewhere: action(ACTION_ELSEWHERE_BYTE),
    },
    sourceRanges: sourceRangesOf(image, words, family),
    clusterPool: poolToData(words, LINE_CLUSTER_POOL, family),
    localPool: poolToData(words, LINE_LOCAL_POOL, family),
  };
}

/** `forward cluster masquerade`, `drop final`, `reject`, `none`, ... */
function actionText(action: number): string {
  const verdict = VERDICTS[action & ACTION_VERDICT_MASK] ?? 'none';
  if (verdict !== 'dnat') return (action & ACTION_FINAL) === 0 ? verdict : `${verdict} final`;
  const pool = (action & ACTION_LOCAL_POOL) === 0 ? 'cluster' : 'local';
  return `forward ${pool}${(action & ACTION_MASQUERADE) === 0 ? '' : ' masquerade'}`;
}

function sourceRangesOf(image: Uint32Array, line: Uint32Array, family: Family): string[] | null {
  const countAndOne = line[LINE_RANGES_COUNT] as number;
  if (countAndOne === 0) return null;
  const words = family === 'IPv4' ? INTERVAL4_WORDS : INTERVAL6_WORDS;
  return Array.from({ length: countAndOne - 1 }, (_, i) => {
    const at = (line[LINE_RANGES_FIRST] as number) + i * words;
    const [first, last] = [addressAt(image, at, family), addressAt(image, at + words / 2, family)];
    return `${formatAddress(first)}-${formatAddress(last)}`;
  });
}

function poolToData(line: Uint32Array, pool: number, family: Family): TablePoolData | null {
  const word = line[pool + POOL_WORD] as number;
  if (word === 0) return null;
  const width = (word >>> POOL_WIDTH_SHIFT) & 7;
  return {
    slotCount: word & POOL_COUNT_MASK,
    slotBits: width === 0 ? 0 : 1 << width,
    slotsOffset: line[pool + POOL_SLOTS] as number,
    firstBackend: backendNumber(line[pool + POOL_BACKEND] as number, backendWords(family)),
    random: (word & POOL_RANDOM) !== 0,
  };
}

function addressAt(words: Uint32Array, at: number, family: Family): Address {
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words.subarray(at, at + 4);
  return family === 'IPv4' ? w0 : ipv6FromWords(w0, w1, w2, w3);
}
