/** One thing changes: from the event until a packet sees it, whole and phase by phase, beside its peers. */
import { emitTable, resolve } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { VERDICT4_ADDRESS, VERDICT4_WORDS } from '@shunt/model';
import { StringMapLookup } from '../lookup/string-map-lookup.js';
import { VerdictMismatch } from '../lookup/verdict-hash.js';
import { latencyFacts } from '../measure/latency.js';
import { type Contestant, type RoundOptions, timeRounds } from '../measure/rounds.js';
import { quantile } from '../measure/statistics.js';
import type { ScenarioResult } from '../report/result.js';
import type { Packets } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { LiveTable, type Objects } from './live-table.js';
import { type Kind, type Site, sitesOf, Turns } from './sites.js';
import { patchedHash } from './verdicts.js';

export const FULL_COMPILE = 'full compile';
const MAP = 'Map with string keys, that service anew';
const YARDSTICK = 'JSON.parse of the changed slice';

export interface ChangeScenario {
  readonly title: string;
  readonly parameters: ScenarioResult['parameters'];
  readonly input: Objects;
  /** What the table is asked before and behind. */
  readonly packets: Packets;
  /** Whether Services come and go, too: there must be many. */
  readonly services: boolean;
  /**
   * So many changes of each kind are made first, whatever the machine: what they write is told, and the hash of
   * the verdicts behind them.
   */
  readonly counted: number;
}

type Change = readonly [name: string, kind: Kind, what: 'goes' | 'comes'];

const ENDPOINT_CHANGES: readonly Change[] = [
  ['endpoint added', 'endpoint', 'comes'],
  ['endpoint removed', 'endpoint', 'goes'],
  ['endpoint ready', 'readiness', 'comes'],
  ['endpoint not ready', 'readiness', 'goes'],
];
const SERVICE_CHANGES: readonly Change[] = [
  ['service created', 'service', 'comes'],
  ['service deleted', 'service', 'goes'],
];

/**
 * Times changes, each from the event until a packet sees it.
 * @throws {VerdictMismatch} if a change is not seen, or the table then is not that of a compile from nothing
 */
export function changeScenario(scenario: ChangeScenario, options: RoundOptions): ScenarioResult {
  const { title, parameters, input, packets } = scenario;
  const changes = scenario.services ? [...ENDPOINT_CHANGES, ...SERVICE_CHANGES] : ENDPOINT_CHANGES;
  const field = new Field(input, changes.length + PHASES.length + 2);
  const turns = changes.map(([name, kind, what]): [Change, Turns] => {
    return [[name, kind, what], new Turns(field.sites(), kind, what)];
  });
  const written = turns.map(([[name], own]) => [name, field.count(own, scenario.counted)] as const);
  const hash = patchedHash(field.table, packets);
  const map = new MapPeer(field);
  const contestants = [
    fullCompile(field),
    parsing(field),
    map.contestant(),
    ...turns.map(([[name, , what], own]) => eventToVisible(name, field, own, what)),
    ...PHASES.map((phase) => phaseAlone(phase, field)),
  ];
  const timings = timeRounds(contestants, FULL_COMPILE, options);
  patchedHash(field.table, packets, map.upToDate());
  const counts = new Map<string, Record<string, number>>(written);
  const facts = timings.map(({ name, latency }) => {
    return [name, { ...latencyFacts(latency), ...counts.get(name) }] as const;
  });
  return {
    suite: 'churn',
    title,
    parameters,
    unit: 'change',
    baseline: FULL_COMPILE,
    rivals: [YARDSTICK],
    timings,
    hash,
    facts: Object.fromEntries(facts),
  };
}

const PHASES = ['Compiler.update', 'TableWriter.update', 'Dataplane.apply'] as const;

/** A table, and its sites dealt out to those that change something there. */
class Field {
  readonly table: LiveTable;
  readonly #sites: readonly Site[];
  readonly #shares: number;
  readonly #shareService: boolean;
  #dealt = 0;
  readonly #room = new Uint32Array(VERDICT4_WORDS);

  constructor(input: Objects, shares: number) {
    this.table = new LiveTable(input);
    this.#sites = sitesOf(input, seededRandom(SEEDS.churn));
    this.#shares = shares;
    this.#shareService = new Set(this.#sites.map(({ service }) => service)).size < this.#sites.length;
  }

  /** Sites that nobody else changes. */
  sites(): Site[] {
    const share = this.#dealt++;
    return this.#sites.filter((_, index) => index % this.#shares === share);
  }

  /** What some changes write, at each of the first sites. */
  count(turns: Turns, changes: number): Record<string, number> {
    const patches = Array.from({ length: changes }, () => {
      const { undone, run } = turns.next(this.table.state);
      this.table.happened(undone);
      this.table.settle();
      return this.table.change(run());
    });
    const median = (values: number[]): number => quantile(values, 0.5);
    return {
      'words written': median(patches.map(({ wordsWritten }) => wordsWritten)),
      'slots moved': median(patches.map(({ slotsMoved }) => slotsMoved)),
      'of slots': median(patches.map(({ slotsCompared }) => slotsCompared)),
    };
  }

  /**
   * Looks up a packet of the site's.
   * @throws {VerdictMismatch} if it goes to an endpoint that is gone, or not to one that is there although it
   *   went there before; where sites share a Service, others that are gone may have moved it
   */
  see(dataplane: Dataplane, { packet, address }: Site, isThere: boolean): void {
    dataplane.lookupBatch(packet, this.#room, 1);
    const isSeen = this.#room[VERDICT4_ADDRESS] === address;
    if (isSeen !== isThere && !(isThere && this.#shareService)) throw notSeen();
  }
}

function notSeen(): VerdictMismatch {
  return new VerdictMismatch('a packet does not see the change that was made before');
}

type Turn = ReturnType<Turns['next']>;

function eventToVisible(name: string, field: Field, turns: Turns, what: Change[2]): Contestant {
  const { table } = field;
  let turn: Turn;
  return {
    name,
    unitsPerRun: 1,
    prepare() {
      turn = turns.next(table.state);
      table.happened(turn.undone);
      table.settle();
    },
    run() {
      table.happened(turn.run());
      table.compile();
      table.write();
      table.apply();
      field.see(table.dataplane, turn.site, what === 'comes');
    },
  };
}

/** One phase of an endpoint's readiness; the others are done before, or behind. */
function phaseAlone(phase: (typeof PHASES)[number], field: Field): Contestant {
  const { table } = field;
  const turns = new Turns(field.sites(), 'readiness', 'goes');
  return {
    name: `${phase} alone`,
    unitsPerRun: 1,
    prepare() {
      const { undone, run } = turns.next(table.state);
      table.happened(undone);
      table.settle();
      table.happened(run());
      if (phase !== 'Compiler.update') table.compile();
      if (phase === 'Dataplane.apply') table.write();
    },
    run() {
      if (phase === 'Compiler.update') table.compile();
      else if (phase === 'TableWriter.update') table.write();
      else table.apply();
    },
  };
}

function fullCompile(field: Field): Contestant {
  const { table } = field;
  const turns = new Turns(field.sites(), 'readiness', 'goes');
  let turn: Turn;
  return {
    name: FULL_COMPILE,
    unitsPerRun: 1,
    prepare() {
      turn = turns.next(table.state);
      table.happened(turn.undone);
    },
    run() {
      table.happened(turn.run());
      const { node, config } = table.input;
      const { ruleset } = resolve({ state: table.state, node, config });
      field.see(Dataplane.load(emitTable(ruleset, { seed: SEEDS.flowHash }).image), turn.site, false);
    },
  };
}

/** What it costs only to read what changed. */
function parsing(field: Field): Contestant {
  const { objects } = field.table.input;
  const texts = objects.filter(({ kind }) => kind === 'EndpointSlice').map((slice) => JSON.stringify(slice));
  let next = 0;
  return {
    name: YARDSTICK,
    unitsPerRun: 1,
    run: () => void JSON.parse(texts[next++ % texts.length] as string),
  };
}

/** The `Map` that follows the same compiler. */
class MapPeer {
  readonly #field: Field;
  readonly #map: StringMapLookup;
  readonly #updates: ReturnType<LiveTable['follow']>;

  constructor(field: Field) {
    this.#field = field;
    this.#updates = field.table.follow();
    this.#map = new StringMapLookup(field.table.compiler.ruleset, SEEDS.flowHash);
  }

  upToDate(): StringMapLookup {
    this.#field.table.settle();
    this.#follow();
    return this.#map;
  }

  contestant(): Contestant {
    const { table } = this.#field;
    const turns = new Turns(this.#field.sites(), 'readiness', 'goes');
    const room = new Uint32Array(VERDICT4_WORDS);
    let turn: Turn;
    return {
      name: MAP,
      unitsPerRun: 1,
      prepare: () => {
        turn = turns.next(table.state);
        table.happened(turn.undone);
        this.upToDate();
      },
      run: () => {
        table.happened(turn.run());
        table.compile();
        this.#follow();
        this.#map.answer(turn.site.packet, 0, room, 0);
        if (room[VERDICT4_ADDRESS] === turn.site.address) throw notSeen();
      },
    };
  }

  #follow(): void {
    for (const update of this.#updates) this.#map.update(update);
    this.#updates.length = 0;
  }
}
