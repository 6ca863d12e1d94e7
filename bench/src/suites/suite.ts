import type { AllocationSize } from '../allocation/allocation-scenarios.js';
import type { RoundOptions } from '../measure/rounds.js';
import type { Notice } from '../peers/start-peers.js';
import type { ScenarioResult } from '../report/result.js';
import type { ChurnSizes } from './churn-suite.js';
import type { KernelSizes } from './kernel-suite.js';
import type { LookupSizes } from './lookup-parameters.js';
import type { MemorySizes } from './memory-suite.js';

/** How large and how long. */
export interface Size {
  readonly name: 'smoke' | 'default' | 'full';
  readonly services: readonly number[];
  readonly endpointsPerService: number;
  readonly lookups: LookupSizes;
  readonly memory: MemorySizes;
  /** How many flows there are, in the flow suite: whole multiples of 2,048. */
  readonly connections: readonly number[];
  /** Pool sizes of the balance suite. */
  readonly backends: readonly number[];
  readonly lookup: RoundOptions;
  readonly compile: RoundOptions;
  readonly balance: RoundOptions;
  readonly flow: RoundOptions;
  readonly controlPlane: {
    readonly podsOfLargeService: number;
    readonly allocation: AllocationSize;
    readonly fromNothing: RoundOptions;
    readonly changes: RoundOptions;
  };
  readonly churn: ChurnSizes;
  readonly kernel: KernelSizes;
}

// Powers of two, so that runs of packets divide them.
const THOUSANDS = 65_536;
const MILLION = 1_048_576;

export const SIZES: Readonly<Record<Size['name'], Size>> = {
  // Everything runs once: for tests, its times mean nothing.
  smoke: {
    name: 'smoke',
    services: [20, 200],
    endpointsPerService: 10,
    lookups: {
      growth: [
        { services: 20, flows: [4_096] },
        { services: 200, flows: [4_096] },
      ],
      zipf: false,
      mixed: { services: 200, flows: 4_096 },
      remembered: [{ services: 200, flows: 4_096 }],
    },
    memory: { services: [20, 200], shapes: [{ services: 20, endpointsPerService: 10 }], flows: 4_096 },
    connections: [4_096],
    backends: [10, 50],
    lookup: { rounds: 3, milliseconds: 4 },
    compile: { rounds: 3, milliseconds: 4 },
    balance: { rounds: 3, milliseconds: 4 },
    flow: { rounds: 3, milliseconds: 4 },
    controlPlane: {
      podsOfLargeService: 150,
      allocation: { addresses: 2_000, prefix: 22, batch: 100 },
      fromNothing: { rounds: 3, milliseconds: 4 },
      changes: { rounds: 3, milliseconds: 4 },
    },
    churn: {
      services: [40, 80],
      largeService: 200,
      ports: 20,
      changes: { rounds: 3, milliseconds: 2 },
      counted: 8,
      packets: 512,
      restart: { endpoints: 200, steps: 9, flows: 1_024, rounds: 3 },
      stall: { services: 40, flows: 4_096, rounds: 3, milliseconds: 4, patches: 100 },
      growth: { services: 100, rounds: 3 },
      wear: { services: 40, changes: 400 },
    },
    kernel: {
      services: [10, 20],
      endpointsPerService: 5,
      rounds: 3,
      patience: 10,
      changes: { most: 1, milliseconds: 1 },
      connections: 5,
    },
  },
  default: {
    name: 'default',
    services: [100, 1_000, 10_000],
    endpointsPerService: 10,
    lookups: {
      growth: [
        { services: 100, flows: [THOUSANDS] },
        { services: 1_000, flows: [THOUSANDS] },
        { services: 10_000, flows: [THOUSANDS, MILLION] },
      ],
      zipf: false,
      mixed: { services: 10_000, flows: THOUSANDS },
      remembered: [
        { services: 10_000, flows: THOUSANDS },
        { services: 10_000, flows: MILLION },
      ],
    },
    memory: {
      services: [100, 1_000, 10_000],
      shapes: [
        { services: 10_000, endpointsPerService: 10 },
        { services: 1_000, endpointsPerService: 100 },
        { services: 100, endpointsPerService: 1_000 },
      ],
      flows: MILLION,
    },
    connections: [65_536, 1_048_576],
    backends: [10, 100, 1_000, 5_000],
    lookup: { rounds: 5, milliseconds: 100 },
    compile: { rounds: 5, milliseconds: 100 },
    balance: { rounds: 5, milliseconds: 20 },
    flow: { rounds: 5, milliseconds: 100 },
    controlPlane: {
      podsOfLargeService: 1_000,
      allocation: { addresses: 100_000, prefix: 15, batch: 1_000 },
      fromNothing: { rounds: 5, milliseconds: 100 },
      changes: { rounds: 5, milliseconds: 100 },
    },
    churn: {
      services: [100, 1_000, 10_000],
      largeService: 5_000,
      ports: 400,
      changes: { rounds: 5, milliseconds: 100 },
      counted: 50,
      packets: 4_096,
      restart: { endpoints: 5_000, steps: 500, flows: 16_384, rounds: 5 },
      stall: { services: 10_000, flows: THOUSANDS, rounds: 5, milliseconds: 200, patches: 10_000 },
      growth: { services: 2_000, rounds: 5 },
      wear: { services: 10_000, changes: 10_000 },
    },
    kernel: {
      services: [100, 1_000, 5_000, 10_000],
      endpointsPerService: 5,
      rounds: 5,
      patience: 10,
      changes: { most: 20, milliseconds: 2_000 },
      connections: 1_000,
    },
  },
  full: {
    name: 'full',
    services: [100, 1_000, 10_000],
    endpointsPerService: 10,
    lookups: {
      growth: [100, 1_000, 10_000, 100_000].map((services) => ({ services, flows: [THOUSANDS, MILLION] })),
      zipf: true,
      mixed: { services: 10_000, flows: THOUSANDS },
      remembered: [1_000, 10_000, 100_000].flatMap((services) => [
        { services, flows: THOUSANDS },
        { services, flows: MILLION },
      ]),
    },
    memory: {
      services: [100, 1_000, 10_000, 100_000],
      shapes: [
        { services: 10_000, endpointsPerService: 10 },
        { services: 1_000, endpointsPerService: 100 },
        { services: 100, endpointsPerService: 1_000 },
      ],
      flows: MILLION,
    },
    connections: [65_536, 1_048_576],
    backends: [10, 100, 1_000, 5_000],
    lookup: { rounds: 15, milliseconds: 400 },
    compile: { rounds: 11, milliseconds: 1_000 },
    balance: { rounds: 11, milliseconds: 200 },
    flow: { rounds: 11, milliseconds: 400 },
    controlPlane: {
      podsOfLargeService: 1_000,
      allocation: { addresses: 100_000, prefix: 15, batch: 1_000 },
      fromNothing: { rounds: 11, milliseconds: 1_000 },
      changes: { rounds: 11, milliseconds: 400 },
    },
    churn: {
      services: [100, 1_000, 10_000, 100_000],
      largeService: 5_000,
      ports: 400,
      changes: { rounds: 11, milliseconds: 400 },
      counted: 50,
      packets: 4_096,
      restart: { endpoints: 5_000, steps: 4_994, flows: 16_384, rounds: 11 },
      stall: { services: 10_000, flows: THOUSANDS, rounds: 11, milliseconds: 400, patches: 20_000 },
      growth: { services: 20_000, rounds: 11 },
      wear: { services: 10_000, changes: 100_000 },
    },
    kernel: {
      services: [100, 1_000, 5_000, 10_000, 30_000],
      endpointsPerService: 5,
      rounds: 7,
      patience: 10,
      changes: { most: 100, milliseconds: 5_000 },
      connections: 2_000,
    },
  },
};

/** A group of scenarios. */
export interface Suite {
  readonly name: string;
  /**
   * Runs all scenarios of a size, and hands over each result as soon as it is there.
   * @param notice - told what is left out because this machine lacks something
   */
  run(size: Size, report: (result: ScenarioResult) => void, notice: Notice): void | Promise<void>;
}
