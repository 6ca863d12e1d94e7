/** What readers would see if a patch wrote at once where the one before it has just freed. */
import { beforeAll, expect, it, vi } from 'vitest';
import type { Block, Heap } from '../../packages/compiler/src/targets/table/heap.js';
import { buildPackages } from '../house/consumer.js';
import { stress } from './stress.js';

beforeAll(buildPackages);

// The writer of this test has no patience.
vi.mock('../../packages/compiler/src/targets/table/freed-later.js', () => ({
  GRACE_PATCHES: 2,
  FreedLater: class {
    readonly words = 0;
    #blocks: Block[] = [];

    add(_generation: number, blocks: readonly Block[]): void {
      this.#blocks.push(...blocks);
    }

    release(_generation: number, heap: Heap): void {
      for (const block of this.#blocks.splice(0)) heap.free(block);
    }
  },
}));

it('readers in other threads see a mixture where memory is used again at once', async () => {
  const milliseconds = Number(process.env.SHUNT_STRESS_MILLISECONDS ?? 2_000);
  // On a busy machine a reader may be elsewhere in all the moments that matter.
  let torn = 0;
  for (let tries = 0; torn === 0 && tries < 20; tries++) {
    ({ torn } = await stress({ milliseconds, pauseMilliseconds: 0.3 }));
  }
  expect(torn).toBeGreaterThan(0);
});
