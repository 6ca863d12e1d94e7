import {
  acceptConnections,
  type ConnectionPrograms,
  connectionPrograms,
  connectTo,
  targetsOf,
} from '../kernel/connections.js';
import { KernelBed, missingForKernel } from '../kernel/kernel-bed.js';
import { BASELINE, KERNEL_TARGETS, type KernelRules, type KernelTarget } from '../kernel/kernel-target.js';
import { LiveCluster } from '../kernel/live-cluster.js';
import { latencyFacts } from '../measure/latency.js';
import { RoundRecord, roundOf, type Timing } from '../measure/rounds.js';
import type { ScenarioResult } from '../report/result.js';
import { type Cluster, generateCluster } from '../workload/cluster.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { count } from './lookup-parameters.js';
import type { Suite } from './suite.js';

/** The sizes of this suite. */
export interface KernelSizes {
  readonly services: readonly number[];
  readonly endpointsPerService: number;
  /** How often all take turns. */
  readonly rounds: number;
  /** Seconds: who takes longer for a load is loaded once only. */
  readonly patience: number;
  /** Changes of each in each round, but no more than begin within the milliseconds. */
  readonly changes: { readonly most: number; readonly milliseconds: number };
  /** Connections of each in each round. */
  readonly connections: number;
}

/** Rules in the kernel: loads, changes of one endpoint, and new connections through them. */
export const kernelSuite: Suite = {
  name: 'kernel',
  async run({ kernel }, report, notice) {
    const missing = missingForKernel(['ip', 'nsenter', 'sysctl', 'nft']);
    if (missing !== null) {
      notice(`the kernel suite is left out: ${missing}`);
      return;
    }
    const targets = KERNEL_TARGETS.filter(({ name, commands }) => {
      const absent = missingForKernel(commands);
      if (absent !== null) notice(`${name} is left out: ${absent}`);
      return absent === null;
    });
    const programs = connectionPrograms();
    if ('missing' in programs) notice(`connections through the kernel are left out: ${programs.missing}`);
    for (const services of kernel.services) {
      const contest = new KernelContest(services, kernel, targets);
      // Whoever is tired of waiting must not be left with namespaces.
      const interrupted = (): never => {
        contest.end();
        process.exit(130);
      };
      for (const signal of SIGNALS) process.once(signal, interrupted);
      try {
        report(await contest.loads());
        report(await contest.changes());
        if (!('missing' in programs)) report(await contest.connections(programs));
      } finally {
        for (const signal of SIGNALS) process.off(signal, interrupted);
        contest.end();
      }
    }
  },
};

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One contestant with a bed and a cluster of its own. */
interface Contender {
  readonly name: string;
  readonly bed: KernelBed;
  readonly rules: KernelRules;
  readonly live: LiveCluster;
}

/** All that take part in a cluster of one size. */
class KernelContest {
  readonly #size: KernelSizes;
  readonly #services: number;
  readonly #cluster: Cluster;
  readonly #contenders: Contender[] = [];

  constructor(services: number, size: KernelSizes, targets: readonly KernelTarget[]) {
    this.#size = size;
    this.#services = services;
    const { endpointsPerService } = size;
    this.#cluster = generateCluster(seededRandom(SEEDS.cluster), { services, endpointsPerService });
    try {
      for (const target of targets) if (services <= target.mostServices) this.#add(target);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  #add({ name, mode, open }: KernelTarget): void {
    const live = new LiveCluster(this.#cluster, mode, seededRandom(SEEDS.churn));
    const bed = new KernelBed();
    this.#contenders.push({ name, bed, rules: open(bed), live });
  }

  end(): void {
    for (const { rules, bed } of this.#contenders) {
      rules.close();
      bed.remove();
    }
  }

  /** Into a namespace without rules. Afterwards all have theirs. */
  async loads(): Promise<ScenarioResult> {
    const { rounds, patience } = this.#size;
    const lines = new Map<string, number>();
    const slow = new Set<string>();
    const timings = await this.#turns(rounds, async ({ name, rules, live }, round) => {
      if (slow.has(name)) return null;
      if (round > 0) await rules.clear();
      const start = performance.now();
      lines.set(name, await rules.load(live.ruleset));
      const time = performance.now() - start;
      // The baseline is there in every round, for the others to be compared with.
      if (time > patience * 1_000 && name !== BASELINE) slow.add(name);
      return [time * 1e6];
    });
    return this.#result('load', 'run', timings, ({ name }) => ({ lines: lines.get(name) ?? null }));
  }

  /** One endpoint goes or comes: from the event until the kernel has the rules. */
  async changes(): Promise<ScenarioResult> {
    const { rounds, changes } = this.#size;
    const lines = new Map<string, number>();
    const timings = await this.#turns(rounds, async ({ name, rules, live }) => {
      const runs: number[] = [];
      const end = performance.now() + changes.milliseconds;
      while (runs.length === 0 || (runs.length < changes.most && performance.now() < end)) {
        const event = live.nextEvent();
        const start = performance.now();
        const update = live.update(event());
        lines.set(name, await rules.apply(live.ruleset, update));
        runs.push((performance.now() - start) * 1e6);
      }
      return runs;
    });
    return this.#result('one endpoint', 'change', timings, ({ name, latency }) => ({
      ...latencyFacts(latency),
      lines: lines.get(name) ?? null,
    }));
  }

  /** A pod connects to cluster IPs by chance. */
  async connections(programs: ConnectionPrograms): Promise<ScenarioResult> {
    const { rounds, connections } = this.#size;
    const targets = targetsOf(this.#cluster, seededRandom(SEEDS.packets), connections);
    for (const { bed } of this.#contenders) {
      await acceptConnections(bed, programs);
      connectTo(bed, programs, targets);
    }
    const timings = await this.#turns(rounds, async ({ bed }) => connectTo(bed, programs, targets));
    return this.#result('new connections', 'connection', timings, ({ latency }) => latencyFacts(latency));
  }

  /** @param turn - tells nanoseconds of each run; `null`: takes no part in this round */
  async #turns(
    rounds: number,
    turn: (contender: Contender, round: number) => Promise<readonly number[] | null>,
  ): Promise<Timing[]> {
    const record = new RoundRecord(this.#contenders, BASELINE);
    for (let round = 0; round < rounds; round++) {
      for (const contender of this.#contenders) {
        const runs = await turn(contender, round);
        if (runs !== null) record.add(contender.name, round, roundOf(runs));
      }
    }
    return record.timings();
  }

  #result(
    what: string,
    unit: ScenarioResult['unit'],
    timings: readonly Timing[],
    factsOf: (timing: Timing) => Readonly<Record<string, number | null>>,
  ): ScenarioResult {
    const { endpointsPerService } = this.#size;
    return {
      suite: 'kernel',
      title: `${what}, ${count(this.#services)} services x ${endpointsPerService} endpoints`,
      parameters: { what, services: this.#services, endpointsPerService },
      unit,
      baseline: BASELINE,
      rivals: KERNEL_TARGETS.filter(({ isPeer }) => isPeer).map(({ name }) => name),
      timings,
      hash: null,
      facts: Object.fromEntries(timings.map((timing) => [timing.name, factsOf(timing)])),
    };
  }
}
