/**
 * The whole, from objects to packets: whatever happens, it is what plain models of its parts say. For a longer run:
 * `SHUNT_SEQUENCES=20000 npm test test/whole/whole.test.ts`, with `SHUNT_SEED=<number>` for one that has been before.
 */
import { type ClusterChange, describeCounterExample, scenarios } from '@shunt/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEQUENCES, seed, TIME_LIMIT } from '../incremental/follow.js';
import { events } from './commands.js';
import { type Dress, dressed } from './dressed.js';
import type { Setting } from './live-system.js';
import { Tally } from './tally.js';
import { World } from './world.js';

const COMMANDS = 10;

/** What these sequences are about, and would miss without being wrong if it did not happen. */
const OFTEN = [
  'flows kept',
  'flows draining',
  'flows deleted',
  'clients kept their backend',
  'clients lost their backend',
  'packets replies dnat frontend',
  'packets of flows dnat frontend',
  'packets first reject frontend',
] as const;

const settings = fc.record<Setting>({
  capacityWords: fc.constantFrom(0, 0, 4_096),
  flows: fc.constantFrom(3, 256),
  kernels: fc.constantFrom('typescript', 'typescript', 'webassembly'),
  start: fc.constantFrom(0, 2 ** 27 - 100, 2 ** 32 - 100),
});

const dresses = fc.record<Dress>({
  affinitySeconds: fc.constantFrom(0, 40, 10_800),
  swapsProtocols: fc.boolean(),
});

const scenariosInDress = fc
  .tuple(scenarios({ withChanges: true, maxChanges: 10, maxServices: 4, maxPackets: 4 }), dresses)
  .map(([scenario, dress]) => dressed(scenario, dress));

const sequences = fc.record({
  scenario: scenariosInDress,
  setting: settings,
  commands: fc.commands(events(), { maxCommands: COMMANDS, size: 'max' }),
});

describe(`a live system, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  it(`is what plain models say, over ${SEQUENCES} sequences`, () => {
    const tally = new Tally();
    const property = fc.property(sequences, ({ scenario, setting, commands }) => {
      const world = new World(scenario, setting, tally);
      fc.modelRun(() => ({ model: world, real: world }), commands);
      world.checkCounters();
    });
    const result = fc.check(property, { numRuns: SEQUENCES, ...(seed === undefined ? {} : { seed }) });
    const found = result.counterexample?.[0];
    if (!result.failed || found === undefined) {
      console.info(`${tally}`);
      if (SEQUENCES < 1_000) return;
      for (const event of OFTEN) expect([event, tally.count(event)]).not.toEqual([event, 0]);
      return;
    }
    const { scenario, setting, commands } = found;
    // Once more, for what happened to the cluster until then.
    const changes: ClusterChange[] = [];
    try {
      const world = new World(scenario, setting, tally, changes);
      fc.modelRun(() => ({ model: world, real: world }), commands);
    } catch {
      // As expected; `result` has the error.
    }
    const how = `setting ${JSON.stringify(setting)}\ncommands ${commands}`;
    const problem = `${how}\n${result.errorInstance}`;
    const example = describeCounterExample({ ...scenario, changes, problem });
    expect.fail(`seed ${result.seed}, after ${result.numRuns} runs:\n${example}`);
  });
});
