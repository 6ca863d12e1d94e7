import { describe, expect, it } from 'vitest';
import { quick } from './quick.js';

describe('the quick line', () => {
  it('is about batches, and not about what they are compared with', { timeout: 60_000 }, async () => {
    const line = await quick();
    expect(line).toMatch(
      /^lookupBatch: [\d.]+ M packets\/s \(\d[\d.]* ns each\), [\d.]+x a Map with string keys, /,
    );
    // That of the Map beside itself.
    expect(line).not.toContain(', 1.0x a Map');
  });
});
