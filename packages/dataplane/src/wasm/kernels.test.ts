import { flowHash4, keyHash4 } from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGED_PACKETS_AT } from '../memory/memory-layout.js';
import { loadKernels } from './kernels.js';
import { webAssembly } from './webassembly.js';

describe('the WebAssembly kernels', () => {
  const wasm = webAssembly();
  const memory = wasm === null ? null : new wasm.Memory({ initial: 1, maximum: 1, shared: true });
  const kernels = memory === null ? null : loadKernels(memory);
  const u32 = fc.integer({ min: 0, max: 0xffffffff });

  it("need no more of a reader's region than there is", () => {
    expect(kernels?.scratchBytes()).toBeLessThanOrEqual(STAGED_PACKETS_AT);
  });

  it('run here', () => expect(kernels).not.toBeNull());

  it('hash as the model does', () => {
    fc.assert(
      fc.property(u32, u32, fc.integer({ min: 0, max: 0xffff }), (first, second, port) => {
        expect((kernels?.keyHashOf4(first, second) ?? 0) | 0).toBe(keyHash4(first, second) | 0);
        expect((kernels?.flowHashOf4(first, port, second) ?? 0) >>> 0).toBe(flowHash4(first, port, second));
      }),
    );
  });
});
