import { ConntrackPlanner, type TrackedFlow, udpEndpointsChanged } from '@shunt/compiler';
import { address, familyOf } from '@shunt/model';
import type { Compiled } from './check-facts.js';
import type { CaseFlow } from './packet-flow-case.js';

/** One tracked flow, and what happens to it instead of what was expected (`null`: just that). */
export interface FlowResult {
  readonly flow: string;
  readonly difference: string | null;
}

/** Checks what applying a state does to flows: nothing unless the endpoints of a UDP port changed (12.1). */
export function checkFlows(flows: readonly CaseFlow[], before: Compiled, now: Compiled): FlowResult[] {
  const planner = new ConntrackPlanner(now.ruleset);
  const looks = udpEndpointsChanged(before.input, now.input);
  return flows.map((flow) => {
    const deleted = looks && planner.plan(trackedFlow(flow)) === 'delete';
    const difference =
      deleted === flow.deleted ? null : `expected ${fate(flow.deleted)}, got ${fate(deleted)}`;
    return { flow: describe(flow), difference };
  });
}

function trackedFlow({ protocol, origDst, origDstPort, replySrc, replySrcPort }: CaseFlow): TrackedFlow {
  const replySource = address(replySrc);
  return {
    family: familyOf(replySource),
    protocol,
    originalDestination: origDst === null ? null : address(origDst),
    originalDestinationPort: origDstPort,
    replySource,
    replySourcePort: replySrcPort,
  };
}

function fate(deleted: boolean): string {
  return deleted ? 'deleted' : 'kept';
}

function describe({ protocol, origDst, origDstPort, replySrc, replySrcPort }: CaseFlow): string {
  return `${protocol} to ${origDst ?? 'a node'} port ${origDstPort}, answered by ${replySrc} port ${replySrcPort}`;
}
