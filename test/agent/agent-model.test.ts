import { nodeViewer } from '@shunt/agent';
import { changeBetween, defaultConfig, isEmptyChange, type ProxyConfig, resolve } from '@shunt/compiler';
import { ReadBackError } from '@shunt/kernel';
import { ClusterState } from '@shunt/model';
import { applyChange, changes, clusters } from '@shunt/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FakeKernel } from './fake-driver.js';
import { NODE_OPTIONS, startAgent, type VirtualAgent } from './virtual-agent.js';

/** What happens to an agent, besides what happens in the cluster. */
type Event =
  | { readonly is: 'change' }
  | { readonly is: 'time'; readonly milliseconds: number }
  | {
      readonly is:
        | 'kernel refuses'
        | 'kernel takes'
        | 'kernel cannot be read'
        | 'somebody flushes'
        | 'agent is killed';
    }
  | { readonly is: 'kernel is slow'; readonly milliseconds: number };

const milliseconds = fc.oneof(fc.constantFrom(0, 1, 999, 1000), fc.nat({ max: 40_000 }));
const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Event>({ is: 'change' }) },
    { weight: 4, arbitrary: milliseconds.map<Event>((given) => ({ is: 'time', milliseconds: given })) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(
          'kernel refuses',
          'kernel takes',
          'kernel cannot be read',
          'somebody flushes',
          'agent is killed',
        )
        .map((is): Event => ({ is }) as Event),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom(0, 5, 3000)
        .map<Event>((given) => ({ is: 'kernel is slow', milliseconds: given })),
    },
  ),
  { maxLength: 40 },
);

/** Long enough for a slow call, a retry at the longest wait, and a verification. */
const QUIET = 100_000;

it('whatever happens, in the end the kernel holds what the cluster asks for', async () => {
  const worlds = clusters().chain((cluster) =>
    fc.record({ cluster: fc.constant(cluster), changes: changes(cluster, { maxChanges: 15 }), events }),
  );
  const config: ProxyConfig = defaultConfig('nftables');
  await fc.assert(
    fc.asyncProperty(worlds, async (world) => {
      const kernel = new FakeKernel();
      const wanted = new ClusterState(world.cluster);
      const name = wanted.list('Node')[0]?.metadata.name ?? 'none';
      const node = { ...NODE_OPTIONS, name };
      const start = (now: number): Promise<VirtualAgent> =>
        startAgent([...wanted], { kernel, config, node, now });
      let it = await start(0);
      const pending = [...world.changes];
      for (const event of world.events) {
        const { clock, driver, source } = it;
        if (event.is === 'time') await clock.advance(event.milliseconds);
        else if (event.is === 'kernel refuses') driver.failure = new Error('refused');
        else if (event.is === 'kernel takes') driver.failure = driver.unreadable = null;
        else if (event.is === 'kernel cannot be read') driver.unreadable = new ReadBackError('too busy');
        else if (event.is === 'somebody flushes') {
          kernel.rules = kernel.rules && { ...kernel.rules, servicePorts: [] };
        } else if (event.is === 'kernel is slow') {
          driver.pace = () => new Promise((resolve) => void clock.after(event.milliseconds, resolve));
        } else if (event.is === 'agent is killed') {
          // Its clock never moves again, so nothing of it does.
          it = await start(clock.now());
        } else {
          const change = pending.shift();
          if (change === undefined) continue;
          applyChange(wanted, change);
          applyChange(source.state, change);
        }
      }
      it.driver.failure = it.driver.unreadable = null;
      await it.clock.advance(QUIET);
      const input = { state: wanted, node: nodeViewer(node)(wanted), config };
      const { ruleset } = resolve(input);
      expect(kernel.rules && isEmptyChange(changeBetween(kernel.rules, ruleset))).toBe(true);
      const stopped = it.agent.stop('keep');
      await it.clock.advance(QUIET);
      await stopped;
    }),
    { numRuns: 200 },
  );
});
