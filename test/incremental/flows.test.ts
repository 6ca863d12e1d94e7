/** What becomes of tracked flows is the same, whether it is decided by changes or by whole rulesets. */
import {
  ChangePlanner,
  ConntrackPlanner,
  changeBetween,
  Evaluator,
  type Ruleset,
  type RulesetUpdate,
  type TrackedFlow,
} from '@shunt/compiler';
import { familyOf } from '@shunt/model';
import type { Scenario } from '@shunt/testing';
import { describe, expect, it } from 'vitest';
import { holds, SEQUENCES, seed, TIME_LIMIT, text } from './follow.js';

describe(`plans for changes, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  it('decide about tracked flows as the whole rules do', () => {
    let deleted = 0;
    holds(() => {
      const planner = new ChangePlanner();
      const flows = new Map<string, TrackedFlow>();
      let isFirst = true;
      return ({ update, before, after }, scenario) => {
        // What the rules made so far; the first ones are there before the first update.
        if (isFirst) for (const flow of flowsOf(before, scenario)) flows.set(text(flow), flow);
        if (isFirst) planner.plan(startOf(before));
        isFirst = false;
        const { sweep } = planner.plan(update);
        const whole = new ConntrackPlanner(after);
        const some = new ConntrackPlanner({ servicePorts: sweep });
        for (const [key, flow] of flows) {
          const wanted = update.udpEndpointsChanged ? whole.plan(flow) : 'keep';
          if (some.plan(flow) !== wanted) return `${key} is to ${wanted}`;
          if (wanted === 'delete') {
            flows.delete(key);
            deleted++;
          }
        }
        for (const flow of flowsOf(after, scenario)) flows.set(text(flow), flow);
        return null;
      };
    });
    expect(deleted).toBeGreaterThan(SEQUENCES / 200);
  });
});

/** UDP and TCP flows that the rules make of a scenario's packets, or let pass untranslated. */
function flowsOf(ruleset: Ruleset, { packets }: Scenario): TrackedFlow[] {
  const evaluator = new Evaluator(ruleset);
  const flows: TrackedFlow[] = [];
  for (const { source } of packets) {
    for (const { destination, destinationPort } of packets) {
      if (typeof source !== typeof destination) continue;
      for (const protocol of ['UDP', 'TCP'] as const) {
        const { verdict, frontend, candidates } = evaluator.evaluate({
          protocol,
          source,
          destination,
          destinationPort,
        });
        // Of what others have on the number of a node port, a change of theirs says nothing.
        if (frontend?.kind !== 'nodePort' && isNodePort(ruleset, destinationPort)) continue;
        const family = familyOf(destination);
        const flow = {
          family,
          protocol,
          originalDestination: destination,
          originalDestinationPort: destinationPort,
        };
        for (const { address, port } of candidates) {
          flows.push({ ...flow, replySource: address, replySourcePort: port });
        }
        if (verdict === 'none')
          flows.push({ ...flow, replySource: destination, replySourcePort: destinationPort });
      }
    }
  }
  return flows;
}

function isNodePort({ servicePorts }: Ruleset, number: number): boolean {
  return servicePorts.some(({ frontends }) =>
    frontends.some(({ kind, port }) => kind === 'nodePort' && port === number),
  );
}

/** A ruleset as the update that makes it from nothing. */
function startOf(ruleset: Ruleset): RulesetUpdate {
  const nothing = { ...ruleset, servicePorts: [], clusterIPs: [] };
  const diagnostics = { removed: [], added: [] };
  return { ...changeBetween(nothing, ruleset), diagnostics, udpEndpointsChanged: true };
}
