import { ChildProcessRunner, type CommandRunner } from '../command/command-runner.js';
import { CommandConntrack } from './command-conntrack.js';
import type { ConntrackTable } from './conntrack-entry.js';
import { NetlinkConntrack } from './netlink-conntrack.js';

/**
 * The connection tracking of a network namespace, by messages where koffi is installed, else by the program conntrack.
 * @param place - `runner`: what runs the program there; `namespace`: its file, as `/run/netns/NAME`. By default that of
 *   this process. With a runner and no file it is the program
 * @throws {DriverError} if there is no such namespace, or it may not be entered
 */
export async function openConntrack(
  place: { readonly runner?: CommandRunner; readonly namespace?: string } = {},
): Promise<ConntrackTable> {
  const { runner = new ChildProcessRunner(), namespace = null } = place;
  if (place.runner !== undefined && namespace === null) return new CommandConntrack(runner);
  return (await NetlinkConntrack.open(namespace)) ?? new CommandConntrack(runner);
}
