/** The options of connection tracking, and the head of its region. */
import type { Family } from '@shunt/model';
import {
  CLOCK_REPLY,
  CLOCK_STATE_SHIFT,
  CLOCK_TIME_SHIFT,
  defaultTranslations,
  FLOWS_BUCKETS,
  FLOWS_CAPACITY,
  FLOWS_CODES,
  FLOWS_LAST_BUCKET,
  FLOWS_MAGIC,
  FLOWS_REACH,
  FLOWS_REWRITES,
  FLOWS_SEED,
  FLOWS_SHIFT,
  FLOWS_TRANSLATIONS,
  type FlowSections,
  flowLayout,
  flowSections,
} from './flow-layout.js';
import {
  DEFAULT_FLOW_TIMEOUTS,
  FLOW_STATES,
  type FlowTimeouts,
  stirringHints,
  TIMEOUT_SECONDS_MAX,
} from './flow-state.js';
import type { SourcePortRange } from './source-port.js';

export interface ConntrackOptions {
  readonly family: Family;
  /** The most flows at a time: 1 to 2^23. */
  readonly flows: number;
  /**
   * The most ways of rewriting at a time; default: one for each flow, so that it is never what runs short
   * (of 2^23 flows, one less: there are no more numbers).
   * Masqueraded flows need one for each client, the others one for each frontend and backend.
   */
  readonly translations?: number;
  readonly timeouts?: Partial<FlowTimeouts>;
  /** Ports for flows that cannot keep theirs. */
  readonly sourcePorts?: SourcePortRange;
  /**
   * The only ports that masqueraded flows come from, which the node's own sockets then must not use: flows whose
   * port is among them keep it if they can. Default: any port, kept where no other flow has it.
   */
  readonly masqueradePorts?: SourcePortRange;
  /** Secret of the hash, a u32; default 0. */
  readonly seed?: number;
}

/** How a region is divided. @throws {RangeError} if a count is out of range */
export function regionSections({
  family,
  flows,
  translations = defaultTranslations(flows),
}: ConntrackOptions): FlowSections {
  return flowSections(flowLayout(family), flows, translations);
}

/** @throws {RangeError} if it is no range of ports */
export function checkedPorts(title: string, ports: SourcePortRange): SourcePortRange {
  const { first, last } = ports;
  if (!Number.isInteger(first) || !Number.isInteger(last) || first < 1 || last < first || last > 65_535) {
    throw new RangeError(`"${title}" expected a range of 1 to 65535, got ${first} to ${last}`);
  }
  return ports;
}

/** Writes the head of a region. @throws {RangeError} if a timeout is out of range, or of no state */
export function writeHead(
  words: Uint32Array,
  offset: number,
  sections: FlowSections,
  { family, flows, translations = defaultTranslations(flows), seed = 0, timeouts }: ConntrackOptions,
): void {
  words[offset + FLOWS_BUCKETS] = offset + sections.buckets;
  words[offset + FLOWS_SHIFT] = Math.clz32(sections.bucketCount) + 1;
  words[offset + FLOWS_LAST_BUCKET] = sections.bucketCount - 1;
  words[offset + FLOWS_REACH] = sections.reach;
  words[offset + FLOWS_REWRITES] = offset + sections.rewrites;
  words[offset + FLOWS_SEED] = seed;
  words[offset + FLOWS_MAGIC] = magicOf(family);
  words[offset + FLOWS_CAPACITY] = flows;
  words[offset + FLOWS_TRANSLATIONS] = translations;
  checkTimeoutNames(timeouts);
  writeCodes(words, offset + FLOWS_CODES, { ...DEFAULT_FLOW_TIMEOUTS, ...timeouts });
}

/** What a region's head says that its options do not, or `null`. */
export function headProblem(
  words: Uint32Array,
  offset: number,
  { family, flows, translations = defaultTranslations(flows), seed = 0 }: ConntrackOptions,
): string | null {
  const word = (field: number): number => words[offset + field] as number;
  if (word(FLOWS_MAGIC) !== magicOf(family)) return `it is no table of flows of ${family}`;
  if (word(FLOWS_CAPACITY) !== flows || word(FLOWS_TRANSLATIONS) !== translations) {
    return `it is for ${word(FLOWS_CAPACITY)} flows and ${word(FLOWS_TRANSLATIONS)} translations`;
  }
  return word(FLOWS_SEED) === seed >>> 0 ? null : 'it has another seed';
}

/** "FLO" as a big-endian word, and the layout's version by its family. */
function magicOf(family: Family): number {
  return family === 'IPv4' ? 0x464c4f24 : 0x464c4f26;
}

function checkTimeoutNames(timeouts: Partial<FlowTimeouts> = {}): void {
  for (const name of Object.keys(timeouts)) {
    if (Object.hasOwn(DEFAULT_FLOW_TIMEOUTS, name)) continue;
    const names = Object.keys(DEFAULT_FLOW_TIMEOUTS).join(', ');
    throw new RangeError(`"timeouts" expected states of flows (${names}), got ${JSON.stringify(name)}`);
  }
}

/** What the packet path asks of each clock code: its timeout, and which hints to stop at. */
function writeCodes(words: Uint32Array, codes: number, timeouts: FlowTimeouts): void {
  FLOW_STATES.forEach((name, state) => {
    if (name === 'none') return;
    const seconds = timeouts[name];
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > TIMEOUT_SECONDS_MAX) {
      throw new RangeError(
        `timeout of "${name}" expected an integer from 1 to ${TIMEOUT_SECONDS_MAX}, got ${seconds}`,
      );
    }
    for (const reply of [0, CLOCK_REPLY]) {
      const at = codes + 2 * ((state << CLOCK_STATE_SHIFT) | reply);
      words[at] = seconds << CLOCK_TIME_SHIFT;
      words[at + 1] = stirringHints(state, reply === CLOCK_REPLY);
    }
  });
}
