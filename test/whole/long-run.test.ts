/** One system that lives long: what it remembers is bounded, and right to the end. */
import { defaultConfig, nodeView } from '@shunt/compiler';
import { address, FAMILIES } from '@shunt/model';
import { ChangeSequence, Cluster, Scenario } from '@shunt/testing';
import { expect, it } from 'vitest';
import { Churn, type Roll, rollFrom } from './churn.js';
import { SendPackets } from './commands.js';
import { Tally } from './tally.js';
import { World } from './world.js';

const CHANGES = 10_000;
const CHECK_EVERY = 500;
const SERVICES = 24;
const FLOWS = 512;
const SEED = 0x5eed;

function scenario(churn: Churn): Scenario {
  return new Scenario({
    cluster: new Cluster(churn.start()),
    node: nodeView('node-a', ['192.168.0.2', '2001:db8::1'].map(address), null),
    config: defaultConfig('nftables'),
    packets: [
      {
        protocol: 'UDP',
        source: address('10.0.0.2'),
        sourcePort: 7,
        destination: address('10.9.9.9'),
        destinationPort: 9,
      },
    ],
    changes: new ChangeSequence([]),
  });
}

function packets(roll: Roll): SendPackets {
  const kinds = ['client', 'client', 'client', 'flow', 'reply', 'stray'] as const;
  return new SendPackets(
    Array.from({ length: 4 }, () => {
      const kind = kinds[roll(kinds.length)] as (typeof kinds)[number];
      return { kind, which: roll(1_000), client: roll(50), hint: [0, 2, 16, 17][roll(4)] as number };
    }),
  );
}

it(`over ${CHANGES} changes, with packets between them, nothing grows without end`, {
  timeout: 240_000,
}, () => {
  const roll = rollFrom(SEED);
  const churn = new Churn(SERVICES, roll);
  const tally = new Tally();
  const setting = { capacityWords: 0, flows: FLOWS, kernels: 'webassembly', start: 2 ** 32 - 5_000 } as const;
  const world = new World(scenario(churn), setting, tally, [], CHECK_EVERY);
  const savedWords = world.system.stateful.save().length;
  let [mostUsed, mostHeap, mostTotal, mostFlows] = [0, 0, 0, 0];
  for (let change = 1; change <= CHANGES; change++) {
    world.change(churn.next());
    packets(roll).run(world);
    world.now += roll(4);
    world.system.stateful.expire(world.now >>> 0, 64);
    if (change % 1_000 === 500) world.restart();
    const { totalWords, heapWords, freeWords } = world.system.writer.memory;
    mostUsed = Math.max(mostUsed, heapWords - freeWords);
    mostHeap = Math.max(mostHeap, heapWords);
    mostTotal = Math.max(mostTotal, totalWords);
    for (const family of FAMILIES) {
      mostFlows = Math.max(mostFlows, world.system.stateful.statistics(family).flows);
    }
  }
  world.checkCounters();
  world.checkReplayed();
  const words = `table: ${mostUsed} words in use at most, heap to ${mostHeap}, ${mostTotal} in all`;
  console.info(`${words}; ${mostFlows} flows at most; ${savedWords} words saved; ${tally}`);
  // What waits for readers is in use, too: it is what two patches free.
  expect(mostHeap).toBeLessThan(1.2 * mostUsed);
  // A table grows by a quarter, or by 4,096 words if that is more.
  expect(mostTotal).toBeLessThanOrEqual(mostHeap + Math.max(4_096, mostHeap / 4));
  expect(world.system.stateful.save().length).toBe(savedWords);
  expect(tally.count('flows deleted')).toBeGreaterThan(100);
  expect(tally.count('clients lost their backend')).toBeGreaterThan(100);
  // Numbers of service ports are used again: there are never many more than service ports.
  const numbers = [...world.system.writer.directory.servicePorts.values()].map(({ number }) => number);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(2 * SERVICES + 8);
});
