/** What a plan does to the flows of a dataplane is what the planner of kube-proxy's cleanup says of each. */
import {
  type ChangePlan,
  ChangePlanner,
  ConntrackPlanner,
  changeBetween,
  emitTable,
  type Ruleset,
  type RulesetUpdate,
} from '@shunt/compiler';
import { Dataplane, type FlowRecord, StatefulDataplane } from '@shunt/dataplane';
import {
  FAMILIES,
  familyOf,
  type Packet,
  type PatchPlan,
  protocolNumber,
  setPacketHint,
  writePacket,
} from '@shunt/model';
import type { Scenario } from '@shunt/testing';
import { describe, expect, it } from 'vitest';
import { holds, SEQUENCES, seed, TIME_LIMIT } from '../incremental/follow.js';

const COUNTING = { servicePorts: 16, backends: 1024 };
const NODE = { IPv4: Uint32Array.of(0xc0000201), IPv6: Uint32Array.of(0x20010db8, 0, 0, 1) };

/** A table that is replaced as the rules change; numbers of service ports are not kept, and not needed here. */
class Replaced {
  image: Uint32Array = new Uint32Array(0);
  #dataplane: Dataplane | null = null;

  load(ruleset: Ruleset): void {
    this.image = emitTable(ruleset).image;
    this.#dataplane = Dataplane.load(this.image);
  }

  lookupBatch(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    this.#dataplane?.lookupBatch(packets, verdicts, count);
  }

  lookupBatch6(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    this.#dataplane?.lookupBatch6(packets, verdicts, count);
  }
}

function changeOf({ sweep }: ChangePlan): PatchPlan {
  return {
    drain: [],
    join: [],
    retired: [],
    reset: [],
    sweep: sweep.map(({ family, frontends, servingEndpoints }) => ({
      family,
      servicePort: 0,
      places: frontends.filter(({ kind }) => kind !== 'healthCheckNodePort'),
      serving: servingEndpoints,
    })),
  };
}

/** Begins flows from everywhere to everywhere. */
function send(dataplane: StatefulDataplane, { packets }: Scenario, round: number): void {
  for (const family of FAMILIES) {
    const own = packets.filter(({ source }) => familyOf(source) === family);
    const all = own.flatMap(({ source }) =>
      own.flatMap(({ destination, destinationPort }) =>
        (['UDP', 'TCP'] as const).map(
          (protocol): Packet => ({
            protocol,
            source,
            sourcePort: 1000 + round,
            destination,
            destinationPort,
          }),
        ),
      ),
    );
    const records = dataplane.records(family);
    all.forEach((packet, index) => {
      writePacket(records.packets, index, packet);
      setPacketHint(records.packets, index, family, protocolNumber(packet.protocol, family) === 6 ? 2 : 0);
    });
    dataplane.process(family, records.packets, records.verdicts, all.length, 1);
  }
}

function tracked({ protocol, destination, destinationPort, rewritten }: FlowRecord) {
  return {
    family: familyOf(destination),
    protocol: protocol as 'TCP' | 'UDP' | 'SCTP',
    originalDestination: destination,
    originalDestinationPort: destinationPort,
    replySource: rewritten.destination,
    replySourcePort: rewritten.destinationPort,
  };
}

describe(`plans for flows, seed ${seed}`, { timeout: TIME_LIMIT }, () => {
  it('delete what kube-proxy deletes, and nothing else', () => {
    let deleted = 0;
    holds(() => {
      const planner = new ChangePlanner();
      const table = new Replaced();
      const family = { flows: 512, clients: 16 };
      const dataplane = new StatefulDataplane({
        table,
        families: {
          IPv4: { ...family, masquerade: { addresses: NODE.IPv4 } },
          IPv6: { ...family, masquerade: { addresses: NODE.IPv6 } },
        },
        counting: COUNTING,
        batchPackets: 64,
        webAssembly: false,
      });
      let round = 0;
      return ({ update, before, after }, scenario) => {
        if (round === 0) {
          planner.plan(startOf(before));
          table.load(before);
          send(dataplane, scenario, round);
        }
        round++;
        const plan = planner.plan(update);
        const some = new ConntrackPlanner({ servicePorts: plan.sweep });
        const flows = [...dataplane.flows(1)];
        const kept = flows.filter((flow) => some.plan(tracked(flow)) === 'keep').map(textOf);
        const applied = dataplane.apply(changeOf(plan));
        if (applied.delete !== flows.length - kept.length)
          return `deleted ${applied.delete} of ${flows.length}`;
        const left = [...dataplane.flows(1)].map(textOf);
        if (left.sort().join('\n') !== kept.sort().join('\n')) return 'other flows are left';
        deleted += applied.delete;
        table.load(after);
        send(dataplane, scenario, round);
        return null;
      };
    });
    expect(deleted).toBeGreaterThan(SEQUENCES / 200);
  });
});

function textOf({
  protocol,
  source,
  sourcePort,
  destination,
  destinationPort,
  rewritten,
}: FlowRecord): string {
  const to = `${rewritten.destination} ${rewritten.destinationPort}`;
  return `${protocol} ${source} ${sourcePort} ${destination} ${destinationPort} ${to}`;
}

/** A ruleset as the update that makes it from nothing. */
function startOf(ruleset: Ruleset): RulesetUpdate {
  const nothing = { ...ruleset, servicePorts: [], clusterIPs: [] };
  const diagnostics = { removed: [], added: [] };
  return { ...changeBetween(nothing, ruleset), diagnostics, udpEndpointsChanged: true };
}
