/** What may happen to a live system, as fast-check commands. */
import type { Pool } from '@shunt/compiler';
import type { Scenario } from '@shunt/testing';
import fc from 'fast-check';
import { type PacketChoice, packetChoices } from '../stateful/commands.js';
import type { HintedPacket, PlainFlow } from '../stateful/plain-flows.js';
import { backendChanges } from './change-backend.js';
import { clientsOf, targetsOf } from './probes.js';
import type { World } from './world.js';

type Event = fc.Command<World, World>;

const CLIENT_PORTS = [1000, 1001, 2001];

/** All commands, changes and packets most of all. */
export function events(): fc.Arbitrary<Event>[] {
  const changes = fc.integer({ min: 1, max: 3 }).map((count) => new Change(count));
  const packets = fc
    .array(packetChoices(), { minLength: 1, maxLength: 8 })
    .map((choices) => new SendPackets(choices));
  return [
    changes,
    changes,
    backendChanges,
    backendChanges,
    packets,
    packets,
    packets,
    fc.constantFrom(1, 5, 31, 61, 121, 3_000, 11_000).map((seconds) => new Tick(seconds)),
    fc.constantFrom(1, 7, 1_024).map((buckets) => new Expire(buckets)),
    fc.constantFrom(new Restart(), new Compact(), new Replay(), new Collect()),
  ];
}

class Change implements Event {
  constructor(readonly count: number) {}
  check({ hasChanges }: World): boolean {
    return hasChanges;
  }
  run(world: World): void {
    world.change(world.takeChanges(this.count));
  }
  toString(): string {
    return `change(${this.count})`;
  }
}

export class SendPackets implements Event {
  constructor(readonly choices: readonly PacketChoice[]) {}
  check(): boolean {
    return true;
  }
  run(world: World): void {
    // Flows are those before the batch, as one cannot answer what has not been sent.
    const flows = [...world.plain.IPv4.flows.values(), ...world.plain.IPv6.flows.values()];
    world.process(this.choices.map((choice) => packetOf(choice, flows, world)));
  }
  toString(): string {
    return this.choices
      .map(({ kind, which, client, hint }) => `${kind}(${which},${client},${hint})`)
      .join(' ');
  }
}

class Tick implements Event {
  constructor(readonly seconds: number) {}
  check(): boolean {
    return true;
  }
  run(world: World): void {
    world.now += this.seconds;
    world.checkFlows();
  }
  toString(): string {
    return `tick(${this.seconds})`;
  }
}

class Expire implements Event {
  constructor(readonly buckets: number) {}
  check(): boolean {
    return true;
  }
  run(world: World): void {
    world.system.stateful.expire(world.now >>> 0, this.buckets);
    world.checkFlows();
  }
  toString(): string {
    return `expire(${this.buckets})`;
  }
}

/** Saves everything, and goes on elsewhere with what was saved. */
class Restart implements Event {
  check(): boolean {
    return true;
  }
  run(world: World): void {
    world.restart();
  }
  toString(): string {
    return 'restart';
  }
}

class Compact implements Event {
  check(): boolean {
    return true;
  }
  run(world: World): void {
    world.compact();
  }
  toString(): string {
    return 'compact';
  }
}

/** Somebody else reads an image and patches, and has the same table. */
class Replay implements Event {
  check(): boolean {
    return true;
  }
  run(world: World): void {
    world.checkReplayed();
  }
  toString(): string {
    return 'replay';
  }
}

class Collect implements Event {
  check(): boolean {
    return true;
  }
  run(world: World): void {
    world.checkCounters();
  }
  toString(): string {
    return 'collect';
  }
}

function packetOf(choice: PacketChoice, flows: readonly PlainFlow[], world: World): HintedPacket {
  const { kind, which, hint } = choice;
  const flow = flows[which % Math.max(1, flows.length)];
  if (kind === 'flow' && flow !== undefined) return { protocol: flow.protocol, ...flow.original, hint };
  if (kind === 'reply' && flow !== undefined) {
    const { source, sourcePort, destination, destinationPort } = flow.rewritten;
    const { protocol } = flow;
    return {
      protocol,
      source: destination,
      sourcePort: destinationPort,
      destination: source,
      destinationPort: sourcePort,
      hint,
    };
  }
  return newPacket(choice, world);
}

/** From a client to a frontend, or any packet of the scenario. */
function newPacket({ kind, which, client, hint }: PacketChoice, world: World): HintedPacket {
  const { scenario, evaluator } = world;
  const { servicePorts } = evaluator.ruleset;
  const sourcePort = CLIENT_PORTS[client % 3] as number;
  // Few packets go to frontends that only refuse, unless there are no others.
  const open = servicePorts.filter(({ clusterPool, localPool }) => hasBackends(clusterPool ?? localPool));
  const targets = targetsOf(open.length > 0 && which % 8 > 0 ? open : servicePorts, scenario);
  const target = targets[which % Math.max(1, targets.length)];
  if (kind === 'stray' || target === undefined) {
    return { sourcePort, ...strayOf(scenario, which), hint };
  }
  const clients = clientsOf(servicePorts, scenario).filter(
    (address) => typeof address === typeof target.destination,
  );
  const source = clients[client % clients.length] as HintedPacket['source'];
  // Most are such as begin a flow.
  return { ...target, source, sourcePort, hint: which % 4 > 0 ? 0 : hint };
}

function hasBackends(pool: Pool | null): boolean {
  return pool !== null && pool.backends.length > 0;
}

function strayOf({ packets }: Scenario, which: number): Scenario['packets'][number] {
  return packets[which % packets.length] as Scenario['packets'][number];
}
