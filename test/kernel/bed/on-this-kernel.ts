import { existsSync } from 'node:fs';
import { kernelTestsAreRequired, missingMachineRoot, missingPrerequisite } from '../prerequisites.js';
import type { KernelRules } from './kernel-rules.js';

/** Where tunnel devices come from. */
const TUNNELS = '/dev/net/tun';

/** Whether tests of some rules can run here. */
export interface KernelTests {
  /** The tests are counted as skipped; why was said. */
  readonly skipped: boolean;
  /** @throws {Error} if something is missing where the tests must run */
  demand(): void;
}

/** @param what - for the message, as in `differential tests of nftables` */
export function onThisKernel(what: string, rules: readonly KernelRules[]): KernelTests {
  const programs = new Set(['ip', 'sysctl', 'nft', ...rules.flatMap((each) => each.programs)]);
  const missing =
    missingPrerequisite([...programs]) ??
    (existsSync(TUNNELS) ? null : `needs ${TUNNELS}`) ??
    // The bed lets a capture hold more than other users may have it hold.
    missingMachineRoot();
  const skipped = missing !== null && !kernelTestsAreRequired();
  if (skipped) console.warn(`${what} do not run on this kernel: the test ${missing}`);
  const demand = (): void => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
  };
  return { skipped, demand };
}
