import type { IptablesVariant } from '@shunt/kernel';
import { type Command, Option } from 'commander';
import { EXIT } from '../io.js';
import { isMissingProgram, kernelProblem } from '../kernel/kernel-problem.js';
import { IPTABLES_VARIANTS, KERNEL_TARGETS, type KernelTarget } from '../kernel/kernel-target.js';
import { iptablesPlace, nftablesPlace, type RulePlace } from '../kernel/rule-place.js';
import type { CommandContext } from './command-context.js';

interface CleanupOptions {
  readonly target?: KernelTarget;
  readonly iptablesVariant?: IptablesVariant;
}

const EXAMPLES = `
Examples:
  Remove the tables "shunt" of nftables, and look for chains of iptables (as root, in the network
  namespace that it is run in):
    sudo shunt cleanup
  Remove the chains too, of every iptables that is installed:
    sudo shunt cleanup --target iptables
  Remove those of one iptables:
    sudo shunt cleanup --target iptables --iptables-variant legacy

The iptables target writes the very chains that kube-proxy writes: nothing in the kernel tells whose they are,
and where kube-proxy runs, all Services would be cut off. So they are removed only with --target iptables.
Without it they are named, with the command that removes them.
Nothing else is touched. Of iptables, KUBE-FIREWALL stays, for the kubelet uses it too.
Exit code 0: nothing of what was asked for is left. 1: chains are left, or the kernel or its tool refused.`;

export function addCleanupCommand(program: Command, context: CommandContext): void {
  program
    .command('cleanup')
    .description('remove the rules from the kernel')
    .addOption(
      new Option('--target <target>', 'only the rules of this form (default: all)').choices(KERNEL_TARGETS),
    )
    .addOption(
      new Option(
        '--iptables-variant <variant>',
        'of iptables, only this one (default: all that are installed)',
      ).choices(IPTABLES_VARIANTS),
    )
    .addHelpText('after', EXAMPLES)
    .action(async ({ target, iptablesVariant }: CleanupOptions) => {
      const isAsked = target !== undefined;
      const nftables = target === 'iptables' ? [] : [await cleaned(await nftablesPlace(), isAsked)];
      const iptables = target === 'nftables' ? [] : await cleanedIptables(iptablesVariant, isAsked);
      print([...nftables, ...iptables], isAsked, context);
    });
}

interface Outcome {
  readonly place: RulePlace;
  /** `left`: for nobody asked for this target by name; `absent`: the tool is not installed. */
  readonly kind: 'removed' | 'empty' | 'left' | 'absent' | 'failed';
  /** What was removed, what is left, or what went wrong. */
  readonly text: string;
}

/** Older systems have one iptables, under no other name. */
async function cleanedIptables(variant: IptablesVariant | undefined, isAsked: boolean): Promise<Outcome[]> {
  if (variant !== undefined) return [await cleaned(await iptablesPlace(variant), isAsked)];
  const legacy = await cleaned(await iptablesPlace('legacy'), isAsked);
  const nft = await cleaned(await iptablesPlace('nft'), isAsked);
  if (legacy.kind !== 'absent' || nft.kind !== 'absent') return [legacy, nft];
  return [await cleaned(await iptablesPlace('default'), isAsked)];
}

async function cleaned(place: RulePlace, isAsked: boolean): Promise<Outcome> {
  try {
    const { summary, doubtful } = await place.look();
    if (summary === null) return { place, kind: 'empty', text: '' };
    if (doubtful.length > 0 && !isAsked) return { place, kind: 'left', text: doubtful.join('\n  ') };
    await place.remove();
    return { place, kind: 'removed', text: summary };
  } catch (error) {
    const kind = (await isMissingProgram(error)) ? 'absent' : 'failed';
    return { place, kind, text: await kernelProblem(error) };
  }
}

function print(outcomes: readonly Outcome[], isAsked: boolean, context: CommandContext): void {
  const { stdout, stderr } = context.io;
  const isUseless = outcomes.every(({ kind }) => kind === 'absent');
  for (const { place, kind, text } of outcomes) {
    if (kind === 'removed') stdout.write(`${place.name}: removed ${text}\n`);
    else if (kind === 'empty') stdout.write(`${place.name}: nothing to remove\n`);
    else if (kind === 'left') stderr.write(leftOver(place, text));
    else if (kind === 'failed' || isUseless) stderr.write(`error: ${text}\n`);
    else if (isAsked) stdout.write(`${place.name}: not installed\n`);
  }
  if (isUseless || outcomes.some(({ kind }) => kind === 'left' || kind === 'failed'))
    context.exitCode = EXIT.failed;
}

function leftOver({ name, options }: RulePlace, chains: string): string {
  return `error: ${name}: these chains are left, for they may be kube-proxy's as well as Shunt's
  ${chains}
  Where no kube-proxy runs, remove them: sudo shunt cleanup ${options}
`;
}
