/** A live system beside plain models of all that it does, and what must hold of it after each step. */
import { type Evaluator, printRuleset, resolve, servicePortKey } from '@shunt/compiler';
import type { FlowRecord } from '@shunt/dataplane';
import {
  type Address,
  type EndpointSlice,
  FAMILIES,
  type Family,
  familyOf,
  flowVerdictWords,
  ipv6FromWords,
  packetWords,
  readFlowVerdict,
  setPacketHint,
  writePacket,
} from '@shunt/model';
import type { ClusterChange, Scenario } from '@shunt/testing';
import { expect } from 'vitest';
import { expectSame } from '../stateful/expect-same.js';
import { type HintedPacket, keyOf, PlainFlows, recordOf } from '../stateful/plain-flows.js';
import type { Answer, PlainRules } from '../stateful/small-rules.js';
import { tableProblem, wrongVerdict } from '../table/patched-table.js';
import { Counted, expectBackends, expectCounts, isCounted } from './counted.js';
import { FlowChanges } from './flow-changes.js';
import { type Change, LiveSystem, MASQUERADE, type Setting } from './live-system.js';
import { probesOf } from './probes.js';
import { TableAnswers } from './table-answers.js';
import type { Tally } from './tally.js';

const SOURCE_PORTS = { first: 1024, last: 65_535 };

export class World {
  readonly scenario: Scenario;
  readonly system: LiveSystem;
  readonly plain: Readonly<Record<Family, PlainFlows>>;
  now: number;
  packetsSent = 0;
  #answers: TableAnswers;
  #pending: ClusterChange[];
  /** What was counted for service ports that are gone. */
  #handedOver = 0;

  /** Everything that has happened to the cluster so far. */
  readonly changes: ClusterChange[];
  /** What EndpointSlices were before they were changed by hand. */
  readonly replaced: EndpointSlice[] = [];
  readonly #tally: Tally;

  #changeCount = 0;
  readonly #checkEvery: number;

  /**
   * @param changes - to be appended to
   * @param checkEvery - how many changes go by until all rules and flows are looked at
   */
  constructor(
    scenario: Scenario,
    setting: Setting,
    tally: Tally,
    changes: ClusterChange[] = [],
    checkEvery = 1,
  ) {
    this.#checkEvery = checkEvery;
    this.#tally = tally;
    this.changes = changes;
    this.scenario = scenario;
    this.system = new LiveSystem(scenario, setting);
    this.now = setting.start;
    this.#pending = [...scenario.changes];
    this.#answers = this.#readRules(true);
    this.plain = { IPv4: this.#plainFlows('IPv4'), IPv6: this.#plainFlows('IPv6') };
    this.#checkRules([]);
  }

  get evaluator(): Evaluator {
    return this.#answers.evaluator;
  }

  get hasChanges(): boolean {
    return this.#pending.length > 0;
  }

  /** The next changes of the scenario. */
  takeChanges(count: number): ClusterChange[] {
    return this.#pending.splice(0, count);
  }

  /** Lets things happen in the cluster, and takes them in at once. */
  change(changes: readonly ClusterChange[]): void {
    this.changes.push(...changes);
    const numbers = new Map<string, number>();
    for (const [key, { number }] of this.system.writer.directory.servicePorts) numbers.set(key, number);
    const change = this.system.change(changes);
    this.#checkNumbers(change, numbers);
    const isThorough = ++this.#changeCount % this.#checkEvery === 0;
    this.#answers = this.#readRules(isThorough);
    this.#changeFlows(change, numbers);
    this.#forget(change);
    if (!isThorough) return;
    this.#checkRules(change.before.servicePorts.flatMap((port) => probesOf([port], this.scenario)));
    this.checkFlows();
  }

  /** Sends packets, in order within a family. */
  process(packets: readonly HintedPacket[]): void {
    for (const family of FAMILIES) {
      const own = packets.filter(({ source }) => familyOf(source) === family);
      // Who has to go for a new flow, only a look behind each packet tells.
      const isRoomy = this.plain[family].flows.size + own.length <= this.system.setting.flows;
      if (isRoomy) this.#processBatch(family, own);
      else for (const packet of own) this.#processBatch(family, [packet]);
    }
    if (this.#changeCount % this.#checkEvery === 0) this.checkFlows();
  }

  restart(): void {
    this.system.restart();
    this.#answers = this.#readRules(true);
    this.#checkRules([]);
    this.checkFlows();
  }

  compact(): void {
    this.system.compact();
    this.#answers = this.#readRules(true);
    this.#checkRules([]);
  }

  checkReplayed(): void {
    expectSame(this.system.replayed(), this.system.table.image);
  }

  checkFlows(): void {
    const flows = [...this.system.stateful.flows(this.now >>> 0)];
    for (const family of FAMILIES) {
      const plain = this.plain[family];
      plain.tick(this.now);
      const want = [...plain.flows.values()].map((flow) => recordOf(flow, this.now));
      const got = flows.filter(({ source }) => familyOf(source) === family);
      const [is, be] = [sorted(got), sorted(want)];
      if (is !== be) expect.fail(`flows are\n${is}\nnot\n${be}`);
      const { flows: count } = this.system.stateful.statistics(family);
      if (count > this.system.setting.flows) expect.fail('there are too many flows');
    }
  }

  checkCounters(): void {
    const counted = new Counted(this.plain);
    const packets = counted.check(this.system.stateful);
    expectSame(packets + this.#handedOver, this.packetsSent);
  }

  #plainFlows(family: Family): PlainFlows {
    const words = MASQUERADE[family];
    const nodeAddresses: Address[] =
      family === 'IPv4'
        ? [...words]
        : [0, 4].map((at) => ipv6FromWords(...(words.slice(at, at + 4) as unknown as FourWords)));
    const current: PlainRules = {
      answer: (packet) => this.#answers.answer(packet),
      answerAt: (packet, answer, place) => {
        const kept = this.#answers.answerAt(packet, answer, place);
        this.#tally.add(`clients ${kept === null ? 'left their backend' : 'kept their backend'}`);
        return kept;
      },
      servicePort: (frontend) => this.#answers.servicePort(frontend),
      affinitySeconds: (frontend) => this.#answers.affinitySeconds(frontend),
    };
    return new PlainFlows(current, {
      capacity: this.system.setting.flows,
      ports: SOURCE_PORTS,
      nodeAddresses,
      chooseNode: ({ backend }: Answer) => (backend?.index ?? 0) % 2,
    });
  }

  #readRules(isThorough: boolean): TableAnswers {
    const { directory } = this.system.writer;
    if (!isThorough) return new TableAnswers(this.system.ruleset, directory);
    const { ruleset } = resolve(this.system.input);
    const [got, want] = [printRuleset(this.system.ruleset), printRuleset(ruleset)];
    if (got !== want) expect.fail(`step by step:\n${got}\nfrom nothing:\n${want}`);
    return new TableAnswers(ruleset, directory);
  }

  /** @param probes - besides those of the rules in force */
  #checkRules(probes: readonly HintedPacket[]): void {
    const { writer, table } = this.system;
    const { evaluator } = this.#answers;
    const { ruleset } = evaluator;
    const packets = [...probesOf(ruleset.servicePorts, this.scenario), ...probes, ...this.scenario.packets];
    const problem = tableProblem(writer, table.image, ruleset);
    if (problem !== null) expect.fail(problem);
    for (const reader of table.readers) {
      const wrong = wrongVerdict(reader, evaluator, packets);
      if (wrong !== null) expect.fail(wrong);
    }
  }

  /** A number is a service port's for its life, and says so when it becomes another's. */
  #checkNumbers({ before, update, plan }: Change, numbers: ReadonlyMap<string, number>): void {
    const { servicePorts } = this.system.writer.directory;
    const retired = update.removed.map((port) => numbers.get(servicePortKey(port)) ?? 0);
    expectSame(ascending(plan.retired), ascending(retired));
    for (const [key, { number }] of servicePorts) {
      const before = numbers.get(key);
      const isNew = update.added.some((port) => servicePortKey(port) === key);
      if (!isNew && before !== number) expect.fail(`${key} had number ${before}, has ${number}`);
      if (isNew && retired.includes(number)) expect.fail(`${key} has a number that was just given up`);
    }
    for (const port of before.servicePorts) {
      const number = numbers.get(servicePortKey(port)) ?? 0;
      const isKept =
        !retired.includes(number) && port.frontends.some(({ kind }) => kind !== 'healthCheckNodePort');
      if (isKept && plan.reset.includes(number)) expect.fail(`number ${number} is reset in use`);
    }
  }

  #changeFlows({ before, after, update }: Change, numbers: ReadonlyMap<string, number>): void {
    const changes = new FlowChanges(before, after, update, numbers);
    // Asked for seldom, and then there is a set to ask.
    let left: Set<string> | null = null;
    const isLeft = (key: string): boolean => {
      left ??= this.#keys();
      return left.has(key);
    };
    for (const family of FAMILIES) {
      const { flows, affinity } = this.plain[family];
      for (const [client, { address, port }] of affinity) {
        if (!changes.hasLeft(Number(client.split(' ')[0]), address, port)) continue;
        this.#tally.add('clients lost their backend');
        affinity.delete(client);
      }
      this.plain[family].tick(this.now);
      for (const flow of flows.values()) {
        const { isDeleted, isDraining } = changes.fateOf(flow, family);
        this.#tally.add(`flows ${isDeleted === true ? 'deleted' : isDraining ? 'draining' : 'kept'}`);
        if (isDeleted ?? !isLeft(flow.key)) flows.delete(flow.key);
        else flow.draining = isDraining;
      }
    }
  }

  #forget({ plan, applied }: Change): void {
    const gone = new Set([...plan.retired, ...plan.reset]);
    expectSame(ascending([...applied.counts.keys()]), ascending([...gone]));
    if (gone.size === 0) return;
    const counted = new Counted(this.plain);
    expectBackends(applied.backends, counted.ofBackends(gone));
    for (const number of gone) {
      const counts = counted.ofServicePort(number);
      expectCounts(`service port ${number}`, applied.counts.get(number), counts);
      this.#handedOver += counts.packets + counts.replies;
      const heir = isCounted(number) ? 'gone' : '0';
      for (const family of FAMILIES) this.plain[family].forget(number, heir);
    }
  }

  #processBatch(family: Family, packets: readonly HintedPacket[]): void {
    const records = new Uint32Array(packets.length * packetWords(family));
    packets.forEach((packet, index) => {
      writePacket(records, index, packet);
      setPacketHint(records, index, family, packet.hint);
    });
    const verdicts = new Uint32Array(packets.length * flowVerdictWords(family));
    this.system.stateful.process(family, records, verdicts, packets.length, this.now >>> 0);
    packets.forEach((packet, index) => {
      const actual = readFlowVerdict(verdicts, index, family);
      const kind = actual.reply ? 'replies' : actual.established ? 'of flows' : 'first';
      this.#tally.add(`packets ${kind} ${actual.verdict} ${actual.decidedBy}`);
      this.plain[family].process(packet, this.now, actual, () => this.#keys());
    });
    this.packetsSent += packets.length;
  }

  #keys(): Set<string> {
    return new Set([...this.system.stateful.flows(this.now >>> 0)].map((flow) => keyOf(flow)));
  }
}

type FourWords = [number, number, number, number];

function ascending(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}

/** As text, in one order, whatever the order was. */
function sorted(flows: readonly FlowRecord[]): string {
  return flows.map(flowText).sort().join('\n');
}

function flowText(flow: FlowRecord): string {
  const { protocol, state, rewritten, servicePort, frontendIndex, backendIndex } = flow;
  const numbers = `frontend ${frontendIndex} of ${servicePort}, backend ${backendIndex}`;
  const time = `idle ${flow.idleSeconds}${flow.draining ? ' draining' : ''}`;
  return `${keyOf(flow)} is ${keyOf({ protocol, ...rewritten })} by ${numbers}: ${state} ${time}`;
}
