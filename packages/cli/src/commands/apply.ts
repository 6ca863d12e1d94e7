import { type Ruleset, resolve } from '@shunt/compiler';
import type { Difference } from '@shunt/kernel';
import { type Command, Option } from 'commander';
import { EXIT } from '../io.js';
import { kernelProblem } from '../kernel/kernel-problem.js';
import {
  addTargetOptions,
  type OpenDriver,
  openDriver,
  plannedText,
  ruleSettings,
  type TargetOptions,
  targetOf,
  targetProblem,
  withModeOf,
} from '../kernel/kernel-target.js';
import { addClusterOptions, type ClusterOptions } from '../options/cluster-options.js';
import { answer, type CommandContext } from './command-context.js';

interface ApplyOptions extends ClusterOptions, TargetOptions {
  readonly dryRun: boolean;
  readonly diff: boolean;
}

const EXAMPLES = `
Examples:
  Put the rules of a node into the kernel, once (as root, in the network namespace that it is run in):
    sudo shunt apply -f manifests/ --node node-a
  What differs, Service by Service, and nothing is written:
    sudo shunt apply -f manifests/ --node node-a --dry-run --diff
  The input of nft or iptables-restore that would mend it:
    sudo shunt apply -f manifests/ --node node-a --dry-run
  The same rules as text, without root:
    shunt compile -f examples/shop --node node-a --target nftables

Where nothing differs, --dry-run prints nothing. A line of --diff begins with + for what the kernel lacks,
- for what it should not have, ~ for what is otherwise there.
Exit code 1: the kernel or its tool refused, or --dry-run --diff has found a difference.`;

export function addApplyCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('apply')
    .description('put the rules of a node into the kernel, once; what is right already stays')
    .argument('[path...]', 'more manifests, so that -f *.yaml works')
    .addOption(
      new Option(
        '--dry-run',
        'write nothing; print what would be written, or with --diff what differs',
      ).default(false),
    )
    .addOption(new Option('--diff', 'print what the kernel holds otherwise than it should').default(false));
  addTargetOptions(addClusterOptions(command)).addHelpText('after', EXAMPLES);
  command.action(async (behind: readonly string[], given: ApplyOptions) => {
    const options = withModeOf(given, given.target);
    await answer(context, options, { behind }, (loaded) => {
      if (loaded === null) return { diagnostics: [], output: () => [] };
      const { ruleset, diagnostics } = resolve(loaded.input);
      const target = targetOf(options, ruleset.mode);
      const problems = targetProblem(target, ruleset.mode);
      if (problems.length > 0) return { diagnostics: [...diagnostics, ...problems], output: () => [] };
      const settings = ruleSettings(options, loaded.configuration, ruleset.mode);
      const open = (): Promise<OpenDriver> => openDriver(target, settings, options.iptablesVariant);
      return { diagnostics, output: () => applied(ruleset, open, options, context) };
    });
  });
}

/** Does it, and tells what was done. */
async function* applied(
  ruleset: Ruleset,
  open: () => Promise<OpenDriver>,
  { dryRun, diff }: ApplyOptions,
  context: CommandContext,
): AsyncGenerator<string> {
  const { driver, plan, close } = await open();
  try {
    if (dryRun || diff) {
      const { differences, texts } = await plan(ruleset);
      if (diff) yield* differences.map(differenceLine);
      if (dryRun) {
        if (diff && differences.length > 0) context.exitCode = EXIT.failed;
        else yield plannedText(driver.target, texts);
        return;
      }
    }
    const { statements, duration } = await driver.load(ruleset);
    const kept = statements === 0 ? 'the rules are right already' : `${statements} lines written`;
    yield `${driver.target}: ${kept} (${Math.round(duration)} ms)\n`;
    yield* await cleanedFlows(ruleset);
  } catch (error) {
    context.io.stderr.write(`error: ${await kernelProblem(error)}\n`);
    context.exitCode = EXIT.failed;
  } finally {
    close();
  }
}

async function cleanedFlows(ruleset: Ruleset): Promise<string[]> {
  const { ConntrackCleaner, openConntrack } = await import('@shunt/kernel');
  const deleted = await new ConntrackCleaner(await openConntrack()).clean(ruleset.servicePorts);
  return deleted === 0 ? [] : [`conntrack: ${deleted} UDP flows to endpoints that are gone deleted\n`];
}

const SIGNS = { missing: '+', unexpected: '-', changed: '~' } as const;

function differenceLine({ kind, servicePort, what }: Difference): string {
  return `${SIGNS[kind]} ${servicePort === null ? '' : `${servicePort}: `}${what}\n`;
}
