import type { Command } from 'commander';
import { EXIT } from '../io.js';
import { kernelProblem } from '../kernel/kernel-problem.js';
import { addTargetOptions, openDriver, type TargetOptions } from '../kernel/kernel-target.js';
import type { CommandContext } from './command-context.js';

const EXAMPLES = `
Examples:
  Remove the tables "shunt" from the kernel (as root, in the network namespace that it is run in):
    sudo shunt cleanup
  Remove kube-proxy's chains, as the iptables target writes them:
    sudo shunt cleanup --target iptables

Nothing else is touched. Of iptables, KUBE-FIREWALL stays, for the kubelet uses it too.
Exit code 1: the kernel or its tool refused.`;

/** Where no rules are written, no seed and no mark count. */
const NO_RULES = { seed: 0, masqueradeMark: 0x4000 };

export function addCleanupCommand(program: Command, context: CommandContext): void {
  const command = program.command('cleanup').description('remove the rules of one target from the kernel');
  addTargetOptions(command, 'nftables').addHelpText('after', EXAMPLES);
  command.action(async ({ target = 'nftables', iptablesVariant }: TargetOptions) => {
    const { driver, close } = await openDriver(target, NO_RULES, iptablesVariant);
    try {
      await driver.remove();
      context.io.stdout.write(`${target}: the rules are removed\n`);
    } catch (error) {
      context.io.stderr.write(`error: ${await kernelProblem(error)}\n`);
      context.exitCode = EXIT.failed;
    } finally {
      close();
    }
  });
}
