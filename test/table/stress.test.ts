/** Readers in other threads meet the rules before a patch, or those after it. */
import {
  PATCH_FILL,
  PATCH_HEADER_WORDS,
  PATCH_PUBLISH,
  PATCH_WRITES_WORDS,
  type TablePatch,
} from '@shunt/model';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildPackages } from '../house/consumer.js';
import { LEAST_PATCHES, sealed, stress } from './stress.js';

// The threads of readers run what is built.
beforeAll(buildPackages);

const milliseconds = Number(process.env.SHUNT_STRESS_MILLISECONDS ?? 2_000);

describe('readers in other threads', () => {
  it.each([
    ['that are fast', 0],
    ['that stay long in a lookup', 0.3],
  ])('%s never see a mixture', async (_, pauseMilliseconds) => {
    const result = await stress({ milliseconds, pauseMilliseconds });
    expect(result, JSON.stringify(result)).toMatchObject({ torn: 0, stalled: false });
    expect(result.patches).toBeGreaterThanOrEqual(LEAST_PATCHES);
    expect(result.checked).toBeGreaterThan(0);
  });

  it('see one where a patch publishes what is not yet written', async () => {
    const options = { milliseconds, pauseMilliseconds: 0, spoil: publishedFirst, spins: 1 << 24 };
    // On a busy machine a reader may be elsewhere in all the moments that matter.
    let isSeen = false;
    for (let tries = 0; !isSeen && tries < 20; tries++) {
      const { torn, stalled } = await stress(options);
      isSeen = stalled || torn > 0;
    }
    expect(isSeen).toBe(true);
  });
});

/** The same writes, those that readers come upon before the others. */
function publishedFirst(patch: TablePatch): TablePatch {
  const end = PATCH_HEADER_WORDS + (patch[PATCH_WRITES_WORDS] as number);
  const published: number[] = [];
  const others: number[] = [];
  for (let at = PATCH_HEADER_WORDS; at < end; ) {
    const kind = patch[at] as number;
    const words =
      kind === PATCH_FILL
        ? 3 + (patch[at + 2] as number)
        : kind === PATCH_PUBLISH
          ? 2 + 2 * (patch[at + 1] as number)
          : 1;
    // What comes before a wait stays there.
    const isFirst = kind === PATCH_PUBLISH && others.length > 0;
    (isFirst ? published : others).push(...patch.subarray(at, at + words));
    at += words;
  }
  const spoilt = patch.slice();
  spoilt.set([...published, ...others], PATCH_HEADER_WORDS);
  return sealed(spoilt);
}
