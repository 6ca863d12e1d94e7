/** All pods of a large Service are replaced, one after the other. */
import { emitTable, resolve, type Strategy } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import {
  address,
  type EndpointSlice,
  formatAddress,
  type SliceEndpoint,
  VERDICT4_ADDRESS,
  VERDICT4_WORDS,
} from '@shunt/model';
import { latencyFacts } from '../measure/latency.js';
import { type Round, RoundRecord, roundOf } from '../measure/rounds.js';
import { quantile } from '../measure/statistics.js';
import type { ScenarioResult } from '../report/result.js';
import type { Packets } from '../workload/packets.js';
import { SEEDS, seededRandom, shuffle } from '../workload/random.js';
import { largeServiceInput, packetsToLargeService } from './large-input.js';
import { type AppliedPatch, LiveTable } from './live-table.js';
import { FULL_COMPILE } from './one-change.js';
import { patchedHash } from './verdicts.js';

export interface RestartSize {
  readonly endpoints: number;
  /** How many of the endpoints are replaced; a multiple of the rounds. */
  readonly steps: number;
  readonly flows: number;
  readonly rounds: number;
}

const GOES = 'the old pod terminates';
const COMES = 'the new pod takes its place';
const NEW_POD_BASE = 0x0ac00000;
const TERMINATING = { ready: false, serving: true, terminating: true };

/** @throws {VerdictMismatch} if the table then is not that of a compile from nothing */
export function rollingRestart(size: RestartSize, balance: Strategy): ScenarioResult {
  const { endpoints, steps, rounds } = size;
  const restart = new Restart(size, balance);
  const record = new RoundRecord([{ name: FULL_COMPILE }, { name: GOES }, { name: COMES }], FULL_COMPILE);
  // The first round is as the others, but that code is slow yet.
  restart.warmUp();
  for (let round = 0; round < rounds; round++) {
    record.add(FULL_COMPILE, round, restart.fullCompile());
    const { goes, comes } = restart.replace(steps / rounds);
    record.add(GOES, round, goes);
    record.add(COMES, round, comes);
  }
  const timings = record.timings();
  const facts = timings.map(({ name, latency }) => {
    return [name, { ...latencyFacts(latency), ...restart.facts(name) }] as const;
  });
  return {
    suite: 'churn',
    title: `rolling restart of ${steps.toLocaleString('en-US')} of ${endpoints.toLocaleString('en-US')} endpoints, ${balance}`,
    parameters: { endpoints, steps, balance, flows: size.flows },
    unit: 'change',
    baseline: FULL_COMPILE,
    timings,
    hash: restart.hash(),
    facts: Object.fromEntries(facts),
  };
}

/** What the changes of one kind did. */
class Tally {
  readonly patches: AppliedPatch[] = [];
  milliseconds = 0;
  moved = 0;
  beyond = 0;
}

interface Step {
  readonly slice: string;
  readonly at: number;
}

class Restart {
  readonly #table: LiveTable;
  readonly #packets: Packets;
  readonly #slices = new Map<string, EndpointSlice>();
  readonly #order: readonly Step[];
  readonly #tallies = new Map([GOES, COMES].map((name) => [name, new Tally()]));
  #before: Uint32Array;
  #after: Uint32Array;
  #next = 0;

  constructor({ endpoints, flows }: RestartSize, balance: Strategy) {
    this.#table = new LiveTable(largeServiceInput(endpoints, balance));
    this.#packets = packetsToLargeService(flows);
    const slices = this.#table.state.list('EndpointSlice');
    for (const slice of slices) this.#slices.set(slice.metadata.name, slice);
    this.#order = shuffle(
      seededRandom(SEEDS.churn),
      slices.flatMap(({ metadata, endpoints: own }) => {
        return (own ?? []).map((_, at): Step => ({ slice: metadata.name, at }));
      }),
    );
    this.#before = new Uint32Array(flows * VERDICT4_WORDS);
    this.#after = new Uint32Array(flows * VERDICT4_WORDS);
    this.#look();
  }

  hash(): string {
    return patchedHash(this.#table, this.#packets);
  }

  /** Endpoints that go out and come back as they were, so that nothing is another afterwards. */
  warmUp(): void {
    for (let step = 0; step < Math.min(20, this.#order.length); step++) {
      const { slice: name, at } = this.#order[step] as Step;
      const slice = this.#slices.get(name) as EndpointSlice;
      const unready = withEndpoint(slice, at, { ...endpointAt(slice, at), conditions: TERMINATING });
      for (const each of [unready, slice]) this.#table.change([this.#table.state.upsert(each)]);
    }
  }

  fullCompile(): Round {
    const { state, input } = this.#table;
    const start = performance.now();
    const { ruleset } = resolve({ state, node: input.node, config: input.config });
    Dataplane.load(emitTable(ruleset, { seed: SEEDS.flowHash }).image);
    return roundOf([(performance.now() - start) * 1e6]);
  }

  replace(steps: number): { goes: Round; comes: Round } {
    const goes: number[] = [];
    const comes: number[] = [];
    for (let step = 0; step < steps; step++) {
      const { slice: name, at } = this.#order[this.#next] as Step;
      const slice = this.#slices.get(name) as EndpointSlice;
      const old = endpointAt(slice, at);
      const gone = address(old.addresses?.[0] as string) as number;
      const came = NEW_POD_BASE + this.#next++;
      const replaced = withEndpoint(slice, at, { ...old, addresses: [formatAddress(came)] });
      const terminating = withEndpoint(slice, at, { ...old, conditions: TERMINATING });
      goes.push(this.#step(GOES, terminating, gone, came));
      comes.push(this.#step(COMES, replaced, gone, came));
      this.#slices.set(name, replaced);
    }
    return { goes: roundOf(goes), comes: roundOf(comes) };
  }

  facts(name: string): Record<string, number> {
    const tally = this.#tallies.get(name);
    if (tally === undefined) return {};
    const { patches, milliseconds, moved, beyond } = tally;
    const sum = (values: readonly number[]): number => values.reduce((before, value) => before + value, 0);
    return {
      'words written': quantile(
        patches.map(({ wordsWritten }) => wordsWritten),
        0.5,
      ),
      'slots moved, in all': sum(patches.map(({ slotsMoved }) => slotsMoved)),
      'flows moved, in all': moved,
      'without need': beyond,
      'without need, of all flows % a change': (100 * beyond) / this.#packets.count / patches.length,
      'ms in all': milliseconds,
    };
  }

  /** @returns from the event to the applied patch, in nanoseconds */
  #step(name: string, slice: EndpointSlice, gone: number, came: number): number {
    const tally = this.#tallies.get(name) as Tally;
    const start = performance.now();
    const patch = this.#table.change([this.#table.state.upsert(slice)]);
    const time = performance.now() - start;
    tally.milliseconds += time;
    tally.patches.push(patch);
    this.#look();
    for (let at = VERDICT4_ADDRESS; at < this.#after.length; at += VERDICT4_WORDS) {
      const [before, after] = [this.#before[at], this.#after[at]];
      if (before === after) continue;
      tally.moved++;
      if (before !== gone && after !== came) tally.beyond++;
    }
    return time * 1e6;
  }

  /** Asks for all flows; what was known is then what was before. */
  #look(): void {
    [this.#before, this.#after] = [this.#after, this.#before];
    this.#table.dataplane.lookupBatch(this.#packets.records, this.#after, this.#packets.count);
  }
}

function endpointAt({ endpoints }: EndpointSlice, at: number): SliceEndpoint {
  return endpoints?.[at] as SliceEndpoint;
}

function withEndpoint(slice: EndpointSlice, at: number, endpoint: SliceEndpoint): EndpointSlice {
  const endpoints = (slice.endpoints ?? []).slice();
  endpoints[at] = endpoint;
  return { ...slice, endpoints };
}
