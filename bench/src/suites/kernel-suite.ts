import {
  acceptConnections,
  type ConnectionPrograms,
  connectionPrograms,
  connectTo,
  targetsOf,
} from '../kernel/connections.js';
import { KernelBed, missingForKernel } from '../kernel/kernel-bed.js';
import {
  KERNEL_TARGETS,
  type KernelRules,
  type KernelTarget,
  KUBE_PROXY_NFTABLES,
  NFTABLES,
  type Written,
} from '../kernel/kernel-target.js';
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
  /** Changes of each in each round. */
  readonly changes: number;
  /** Connections of each in each round. */
  readonly connections: number;
}

/** Rules in the kernel: loads, changes of one endpoint, and new connections through them. */
export const kernelSuite: Suite = {
  name: 'kernel',
  async run({ kernel }, report, notice) {
    const missing = missingForKernel(['ip', 'nsenter', 'sysctl', ...NFTABLES.commands]);
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
      try {
        report(contest.loads());
        report(contest.changes());
        if (!('missing' in programs)) report(await contest.connections(programs));
      } finally {
        contest.end();
      }
    }
  },
};

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
    for (const { bed } of this.#contenders) bed.remove();
  }

  /** Into a namespace without rules. Afterwards all have theirs. */
  loads(): ScenarioResult {
    const { rounds, patience } = this.#size;
    const written = new Map<string, Written>();
    const slow = new Set<string>();
    const timings = this.#turns(rounds, ({ name, rules, live }, round) => {
      if (slow.has(name)) return null;
      if (round > 0) rules.clear();
      const start = performance.now();
      written.set(name, rules.load(live.ruleset));
      const time = performance.now() - start;
      if (time > patience * 1_000) slow.add(name);
      return [time * 1e6];
    });
    return this.#result('load', 'run', timings, ({ name }) => ({ ...written.get(name) }));
  }

  /** One endpoint goes or comes: from the event until the kernel has the rules. */
  changes(): ScenarioResult {
    const { rounds, changes } = this.#size;
    const written = new Map<string, Written>();
    const timings = this.#turns(rounds, ({ name, rules, live }) => {
      return Array.from({ length: changes }, () => {
        const event = live.nextEvent();
        const start = performance.now();
        const update = live.update(event());
        written.set(name, rules.apply(live.ruleset, update));
        return (performance.now() - start) * 1e6;
      });
    });
    return this.#result('one endpoint', 'change', timings, ({ name, latency }) => ({
      ...latencyFacts(latency),
      ...written.get(name),
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
    const timings = this.#turns(rounds, ({ bed }) => connectTo(bed, programs, targets));
    return this.#result('new connections', 'connection', timings, ({ latency }) => latencyFacts(latency));
  }

  /** @param turn - tells nanoseconds of each run; `null`: takes no part in this round */
  #turns(rounds: number, turn: (contender: Contender, round: number) => readonly number[] | null): Timing[] {
    const record = new RoundRecord(this.#contenders, NFTABLES.name);
    for (let round = 0; round < rounds; round++) {
      for (const contender of this.#contenders) {
        const runs = turn(contender, round);
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
      baseline: NFTABLES.name,
      rivals: [KUBE_PROXY_NFTABLES.name],
      timings,
      hash: null,
      facts: Object.fromEntries(timings.map((timing) => [timing.name, factsOf(timing)])),
    };
  }
}
