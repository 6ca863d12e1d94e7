/** What may happen to a stateful dataplane, as fast-check commands. */
import { applyFlowPlan, type FlowPlan, type TranslationRecord } from '@shunt/dataplane';
import type { Protocol } from '@shunt/model';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { HintedPacket, PlainFlow } from './plain-flows.js';
import { backendKey } from './small-rules.js';
import { clients, type World } from './world.js';

type Event = fc.Command<World, World>;

/** A packet, by numbers that are taken modulo what there is when it is sent. */
export interface PacketChoice {
  /** What it is: the first of a client, more of a flow, its reply, or of no flow at all. */
  readonly kind: 'client' | 'flow' | 'reply' | 'stray';
  readonly which: number;
  readonly client: number;
  readonly hint: number;
}

// Of TCP: none, SYN, ACK, SYN ACK, FIN ACK, RST; as SCTP chunks some of them begin and end associations.
const HINTS = [0, 0, 0, 2, 2, 2, 16, 16, 16, 16, 18, 17, 4, 1, 6, 7];
const CLIENT_PORTS = [1000, 1001, 2001];

/** One packet of any kind. */
export function packetChoices(): fc.Arbitrary<PacketChoice> {
  return fc.record({
    kind: fc.constantFrom('client', 'client', 'client', 'flow', 'flow', 'reply', 'reply', 'stray'),
    which: fc.nat({ max: 31 }),
    client: fc.nat({ max: 14 }),
    hint: fc.constantFrom(...HINTS),
  });
}

/** All commands, packets most of all. */
export function events(): fc.Arbitrary<Event>[] {
  const packets = packetChoices().map((choice) => new SendPackets([choice]));
  const batches = fc.array(packetChoices(), { minLength: 2, maxLength: 12 });
  return [
    packets,
    packets,
    batches.map((choices) => new SendPackets(choices)),
    fc.constantFrom(1, 2, 5, 14, 31, 61, 121, 300).map((seconds) => new Tick(seconds)),
    fc
      .tuple(fc.constantFrom(1, 2, 3, 4), fc.nat({ max: 2 }), fc.boolean())
      .map((args) => new SetBackend(...args)),
    fc.constant(new Plan()),
    fc.nat({ max: 8 }).map((buckets) => new Sweep(buckets)),
    fc.constantFrom(1, 2, 3, 4).map((servicePort) => new Retire(servicePort)),
    fc.constant(new Restart()),
  ];
}

export class SendPackets implements Event {
  constructor(readonly choices: readonly PacketChoice[]) {}
  check(): boolean {
    return true;
  }
  run(world: World): void {
    // Flows are those before the batch, as one cannot answer what has not been sent.
    const flows = [...world.plain.flows.values()];
    world.process(this.choices.map((choice) => packetOf(choice, flows, world)));
    world.checkFlows();
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

/** Removes a backend from a service port, or puts it back. */
class SetBackend implements Event {
  constructor(
    readonly servicePort: number,
    readonly which: number,
    readonly isThere: boolean,
  ) {}
  check(): boolean {
    return true;
  }
  run({ rules }: World): void {
    const backends = rules.servicePorts.get(this.servicePort)?.backends ?? [];
    const backend = backends[this.which % backends.length];
    if (backend === undefined) return;
    if (this.isThere) rules.removed.delete(backendKey(this.servicePort, backend));
    else rules.removed.add(backendKey(this.servicePort, backend));
  }
  toString(): string {
    return `${this.isThere ? 'add' : 'remove'}(${this.servicePort},${this.which})`;
  }
}

/** Flows of removed backends: UDP is deleted, the others drain. */
class Plan implements Event {
  check(): boolean {
    return true;
  }
  run(world: World): void {
    const planOf = (protocol: Protocol, servicePort: number, backend: number): FlowPlan => {
      if (world.rules.eligible(servicePort).some(({ index }) => index === backend)) return 'keep';
      return protocol === 'UDP' ? 'delete' : 'drain';
    };
    const decide = ({ protocol, servicePort, backendIndex }: TranslationRecord): FlowPlan =>
      planOf(protocol, servicePort, backendIndex);
    world.plain.tick(world.now);
    const want = { keep: 0, drain: 0, delete: 0 };
    for (const flow of world.plain.flows.values()) {
      const plan = planOf(flow.protocol, flow.servicePort, flow.answer.backend?.index ?? 0);
      want[plan]++;
      flow.draining = plan === 'drain';
      if (plan === 'delete') world.plain.flows.delete(flow.key);
    }
    for (const { conntrack } of world.machines) {
      // Or it would also count flows that are over and nobody has noticed.
      conntrack.expire(world.now >>> 0, conntrack.bucketCount);
      expect(conntrack.plan(decide)).toEqual(want);
    }
    world.checkFlows();
  }
  toString(): string {
    return 'plan';
  }
}

class Sweep implements Event {
  constructor(readonly buckets: number) {}
  check(): boolean {
    return true;
  }
  run(world: World): void {
    for (const { conntrack } of world.machines) conntrack.expire(world.now >>> 0, this.buckets);
    world.checkFlows();
    world.checkCounters();
  }
  toString(): string {
    return `sweep(${this.buckets})`;
  }
}

/** Lets another service port have a number. */
class Retire implements Event {
  constructor(readonly servicePort: number) {}
  check(): boolean {
    return true;
  }
  run(world: World): void {
    const retired = [this.servicePort];
    for (const { conntrack, affinity, counters } of world.machines) {
      const change = { drain: [], join: [], sweep: [], retired, reset: [] };
      applyFlowPlan(change, { conntrack, affinity, counters });
    }
    world.plain.forget(this.servicePort);
    world.checkFlows();
    world.checkCounters();
  }
  toString(): string {
    return `retire(${this.servicePort})`;
  }
}

/** Machines go on elsewhere, with no more than the words of their regions. */
class Restart implements Event {
  check(): boolean {
    return true;
  }
  run(world: World): void {
    for (const machine of world.machines) machine.restart();
    world.checkFlows();
  }
  toString(): string {
    return 'restart';
  }
}

function packetOf(choice: PacketChoice, flows: readonly PlainFlow[], world: World): HintedPacket {
  const { kind, which, client, hint } = choice;
  const { family } = world.setting;
  const source = clients(family)[client % 5] as HintedPacket['source'];
  const sourcePort = CLIENT_PORTS[client % 3] as number;
  const frontend = world.rules.frontends[which % world.rules.frontends.length];
  const flow = flows[which % Math.max(1, flows.length)];
  if (kind === 'flow' && flow !== undefined) return { protocol: flow.protocol, ...flow.original, hint };
  if (kind === 'reply' && flow !== undefined) {
    const { source: to, sourcePort: toPort, destination, destinationPort } = flow.rewritten;
    const { protocol } = flow;
    return {
      protocol,
      source: destination,
      sourcePort: destinationPort,
      destination: to,
      destinationPort: toPort,
      hint,
    };
  }
  const { address, port, protocol } = frontend as NonNullable<typeof frontend>;
  if (kind === 'stray')
    return { protocol: 'TCP', source, sourcePort, destination: source, destinationPort: 9, hint };
  return { protocol, source, sourcePort, destination: address, destinationPort: port, hint };
}
