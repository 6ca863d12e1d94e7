import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Says what a test against the real kernel lacks on this machine.
 * @param commands - the programs that it runs, such as `nft`
 * @returns `null` when nothing is missing, else a sentence for the report
 */
export function missingPrerequisite(commands: readonly string[]): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) {
    return 'needs root, to make a network namespace; npm run test:kernel does with the namespaces of any user';
  }
  const absent = commands.filter((command) => !onPath(command));
  if (absent.length > 0) return `needs ${absent.join(' and ')} on the PATH`;
  if (spawnSync('unshare', ['--net', 'true']).status !== 0) return 'may not make a network namespace here';
  return null;
}

/** Says what a test lacks that root has on the machine, and not in a user namespace; `null`: nothing. */
export function missingMachineRoot(): string | null {
  const [inside, outside] = readFileSync('/proc/self/uid_map', 'utf8').trim().split(/\s+/);
  return inside === '0' && outside === '0'
    ? null
    : 'needs root of the machine, not only of its own namespaces';
}

/** Whether a missing prerequisite is a failure: where CI is set, a test that did not run proves nothing. */
export function kernelTestsAreRequired(): boolean {
  const ci = process.env.CI ?? '';
  return ci !== '' && ci !== '0' && ci !== 'false';
}

function onPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
