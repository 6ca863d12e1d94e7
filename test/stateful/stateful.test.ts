import { type Address, type Family, packetWords, TCP_ACK, TCP_SYN, writePacket } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { events, packetChoices, SendPackets } from './commands.js';
import type { HintedPacket, PlainFlow } from './plain-flows.js';
import { type Backend, backendKey, type Frontend } from './small-rules.js';
import { clients, type Setting, World } from './world.js';

const SEQUENCES = 1_000;
const COMMANDS = 60;
// Several blocks of the packet path in one call, and the end of the last one not at its end.
const LONG_BATCH = 150;

function settings(family: Family): fc.Arbitrary<Setting> {
  return fc.record({
    family: fc.constant(family),
    // So few that room is made among all flows: who has to go can then be said beforehand.
    capacity: fc.constantFrom(1, 3, 5, 8),
    ports: fc.constantFrom({ first: 1024, last: 65_535 }, { first: 2000, last: 2001 }),
    start: fc.constantFrom(0, 2 ** 27 - 100, 2 ** 32 - 100),
  });
}

describe.each<Family>(['IPv4', 'IPv6'])('a stateful dataplane of %s', (family) => {
  it('answers every sequence of packets, ticks and changes as the plain model does', () => {
    fc.assert(
      fc.property(
        settings(family),
        fc.commands(events(), { maxCommands: COMMANDS, size: 'max' }),
        (setting, commands) => {
          const world = new World(setting);
          fc.modelRun(() => ({ model: world, real: world }), commands);
          world.checkCounters();
        },
      ),
      { numRuns: SEQUENCES },
    );
  });

  it('answers a batch as if its packets came singly', () => {
    const batches = fc.array(packetChoices(), { minLength: LONG_BATCH, maxLength: LONG_BATCH });
    fc.assert(
      fc.property(settings(family), fc.tuple(batches, batches), (setting, [first, second]) => {
        const world = new World(setting);
        new SendPackets(first).run(world);
        world.now += 61;
        new SendPackets(second).run(world);
        world.checkCounters();
      }),
      { numRuns: 50 },
    );
  });

  it('forgets a backend that cannot be picked, though its client gets no other then', () => {
    const world = new World({ family, capacity: 1, ports: { first: 1024, last: 65_535 }, start: 0 });
    const [client] = clients(family) as [Address];
    const frontend = world.rules.frontends[2] as Frontend;
    const packet = (sourcePort: number, hint: number): HintedPacket => {
      const { protocol, address: destination, port: destinationPort } = frontend;
      return { protocol, source: client, sourcePort, destination, destinationPort, hint };
    };
    world.process([packet(1000, TCP_SYN)]);
    const [flow] = [...world.plain.flows.values()] as [PlainFlow];
    const backend = flow.answer.backend as Backend;
    const { protocol, rewritten } = flow;
    const [source, sourcePort] = [rewritten.destination, rewritten.destinationPort];
    const [destination, destinationPort] = [rewritten.source, rewritten.sourcePort];
    const reply = { protocol, source, sourcePort, destination, destinationPort, hint: TCP_SYN | TCP_ACK };
    world.process([reply, packet(1000, TCP_ACK)]);
    world.rules.removed.add(backendKey(frontend.servicePort, backend));
    world.process([packet(1001, TCP_SYN)]);
    expect(world.plain.counts.get('drop flows-full')).toBe(1);
    const record = new Uint32Array(packetWords(family));
    writePacket(record, 0, packet(1002, 0));
    for (const { affinity } of world.machines) {
      expect(affinity.find(frontend.servicePort, record, 0, 15, 0)).toBe(0);
    }
  });
});
