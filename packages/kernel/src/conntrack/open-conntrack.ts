import { ChildProcessRunner, type CommandRunner } from '../command/command-runner.js';
import { CommandConntrack } from './command-conntrack.js';
import type { ConntrackTable } from './conntrack-entry.js';
import { NetlinkConntrack } from './netlink-conntrack.js';

/**
 * The connection tracking of this process's network namespace, by messages where koffi is installed, else by the
 * program conntrack.
 * @param runner - of another namespace: then by the program there
 */
export async function openConntrack(runner?: CommandRunner): Promise<ConntrackTable> {
  if (runner !== undefined) return new CommandConntrack(runner);
  return (await NetlinkConntrack.open()) ?? new CommandConntrack(new ChildProcessRunner());
}
