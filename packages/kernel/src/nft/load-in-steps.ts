/** Loads tables in steps, where the kernel has none. */
import { setImmediate } from 'node:timers/promises';
import type { NftTable, SteppedLoad } from '@shunt/compiler';
import { lineCount } from '../line-count.js';
import { DriverError } from '../rule-driver.js';
import type { NftTool } from './nft-tool.js';

/**
 * @param shapes - reads what tables there are, with or without their elements
 * @returns how many lines the kernel took
 * @throws {DriverError} if a step is refused; what those before it made is taken away, as far as it is still theirs
 */
export async function loadInSteps(
  tool: NftTool,
  load: SteppedLoad,
  shapes: () => Promise<readonly NftTable[]>,
): Promise<number> {
  try {
    return await commitSteps(tool, load.steps);
  } catch (error) {
    // If it cannot be undone, what is left leads nowhere, and the next load takes it away.
    const isUndone = await tool.commit(load.undo).then(
      () => true,
      () => false,
    );
    if (isUndone || !(await isOfOthers(load, error, shapes))) throw error;
    const message = 'another program made, replaced or deleted the tables while they were loaded';
    const statement = error instanceof DriverError ? error.statement : null;
    throw new DriverError(message, statement, null, { cause: error });
  }
}

async function commitSteps(tool: NftTool, steps: SteppedLoad['steps']): Promise<number> {
  let lines = 0;
  let committed: Promise<void> = Promise.resolve();
  for (const step of steps) {
    await committed;
    committed = tool.commit(step);
    // It is waited for, but not before the next step is written; nft has got this one when that begins.
    committed.catch(() => undefined);
    await setImmediate();
    lines += lineCount(step.text);
  }
  await committed;
  return lines;
}

/** Whether a load failed for what somebody else did: its claim is gone, or there are tables that it did not make. */
async function isOfOthers(
  { claim }: SteppedLoad,
  error: unknown,
  shapes: () => Promise<readonly NftTable[]>,
): Promise<boolean> {
  if (error instanceof DriverError && error.statement?.includes(claim) === true) return true;
  return shapes().then(
    (tables) => tables.some(({ declarations }) => !declarations.has(claim)),
    () => false,
  );
}
