import {
  ACTION_ELSEWHERE_BYTE,
  ACTION_FINAL,
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  ACTION_VERDICT_MASK,
  type Address,
  formatAddress,
  INTERVAL4_WORDS,
  INTERVAL6_WORDS,
  ipv6FromWords,
  LINE_ACTIONS,
  LINE_CLUSTER_POOL,
  LINE_KIND,
  LINE_KINDS,
  LINE_LOCAL_POOL,
  LINE_PORT_KEY,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  LINE_SERVICE_PORT,
  LINE_WORDS,
  ORIGINS,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_RANDOM,
  POOL_SLOTS,
  POOL_WIDTH_SHIFT,
  POOL_WORD,
  protocolFromNumber,
  sectionOffset,
  VERDICTS,
} from '@shunt/model';
import { servicePortKey } from '../../ruleset/types.js';
import type { TableDirectory } from './emit-table.js';

/** The pool of a line. */
export interface TablePoolData {
  readonly slotCount: number;
  /** Bits that a slot takes in the image; 0 where slot i is backend i. */
  readonly slotBits: number;
  /** Word of the section of slots where they begin; 0 without slots in the image. */
  readonly slotsWord: number;
  readonly firstBackend: number;
  readonly random: boolean;
}

/** One frontend's line, in words for people. */
export interface TableFrontendData {
  readonly index: number;
  /** Family, ServicePortName and protocol; empty without a directory's entry. */
  readonly servicePort: string;
  readonly servicePortIndex: number;
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

/** Reads the line of one frontend back from the image. */
export function lineToData(image: Uint32Array, directory: TableDirectory, index: number): TableFrontendData {
  const offset = sectionOffset(image, 'frontends') + index * LINE_WORDS;
  const line = image.subarray(offset, offset + LINE_WORDS);
  const word = (at: number): number => line[at] as number;
  const servicePort = directory.frontends[index]?.servicePort;
  const isIPv4 = servicePort?.family !== 'IPv6';
  const kind = LINE_KINDS[word(LINE_KIND)] ?? 'none';
  const hasAddress = kind !== 'nodePort' && kind !== 'healthCheckNodePort';
  const action = (byte: number): string => actionText((word(LINE_ACTIONS) >>> (8 * byte)) & 0xff);
  return {
    index,
    servicePort: servicePort === undefined ? '' : servicePortKey(servicePort),
    servicePortIndex: word(LINE_SERVICE_PORT),
    kind,
    address: hasAddress ? formatAddress(addressAt(line, 0, isIPv4)) : null,
    port: word(LINE_PORT_KEY) >>> 16,
    protocol: protocolFromNumber(word(LINE_PORT_KEY) & 0xff) ?? '',
    actions: {
      pod: action(ORIGINS.indexOf('pod')),
      node: action(ORIGINS.indexOf('node')),
      outside: action(ORIGINS.indexOf('outside')),
      elsewhere: action(ACTION_ELSEWHERE_BYTE),
    },
    sourceRanges: sourceRangesOf(image, line, isIPv4),
    clusterPool: poolToData(line, LINE_CLUSTER_POOL),
    localPool: poolToData(line, LINE_LOCAL_POOL),
  };
}

/** `forward cluster masquerade`, `drop final`, `reject`, `none`, ... */
function actionText(action: number): string {
  const verdict = VERDICTS[action & ACTION_VERDICT_MASK] ?? 'none';
  if (verdict !== 'dnat') return (action & ACTION_FINAL) === 0 ? verdict : `${verdict} final`;
  const pool = (action & ACTION_LOCAL_POOL) === 0 ? 'cluster' : 'local';
  return `forward ${pool}${(action & ACTION_MASQUERADE) === 0 ? '' : ' masquerade'}`;
}

function sourceRangesOf(image: Uint32Array, line: Uint32Array, isIPv4: boolean): string[] | null {
  const countAndOne = line[LINE_RANGES_COUNT] as number;
  if (countAndOne === 0) return null;
  const words = isIPv4 ? INTERVAL4_WORDS : INTERVAL6_WORDS;
  const section = sectionOffset(image, isIPv4 ? 'sourceRanges4' : 'sourceRanges6');
  return Array.from({ length: countAndOne - 1 }, (_, i) => {
    const at = section + ((line[LINE_RANGES_FIRST] as number) + i) * words;
    const [first, last] = [addressAt(image, at, isIPv4), addressAt(image, at + words / 2, isIPv4)];
    return `${formatAddress(first)}-${formatAddress(last)}`;
  });
}

function poolToData(line: Uint32Array, pool: number): TablePoolData | null {
  const word = line[pool + POOL_WORD] as number;
  if (word === 0) return null;
  const width = (word >>> POOL_WIDTH_SHIFT) & 7;
  return {
    slotCount: word & POOL_COUNT_MASK,
    slotBits: width === 0 ? 0 : 1 << width,
    slotsWord: line[pool + POOL_SLOTS] as number,
    firstBackend: line[pool + POOL_BACKEND] as number,
    random: (word & POOL_RANDOM) !== 0,
  };
}

function addressAt(words: Uint32Array, at: number, isIPv4: boolean): Address {
  const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = words.subarray(at, at + 4);
  return isIPv4 ? w0 : ipv6FromWords(w0, w1, w2, w3);
}
