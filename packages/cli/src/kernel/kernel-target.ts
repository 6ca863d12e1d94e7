/** The kernel's forms of rules: their text, and the drivers that put them there. */
import {
  IptablesWriter,
  NFTABLES_DEFAULTS,
  type NftablesOptions,
  NftablesWriter,
  type Ruleset,
} from '@shunt/compiler';
import type { IptablesVariant, LoadPlan, RuleDriver } from '@shunt/kernel';
import type { Diagnostic, Mode } from '@shunt/model';
import { type Command, Option } from 'commander';
import type { Configuration } from '../config/configuration.js';
import type { ClusterOptions } from '../options/cluster-options.js';

export type KernelTarget = 'nftables' | 'iptables';

export const KERNEL_TARGETS: readonly KernelTarget[] = ['nftables', 'iptables'];
export const IPTABLES_VARIANTS: readonly IptablesVariant[] = ['default', 'legacy', 'nft'];

export interface TargetOptions {
  readonly target?: KernelTarget;
  readonly iptablesVariant: IptablesVariant;
}

/** Adds which rules are written, and with which tool. */
export function addTargetOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--target <target>', 'the form of the rules (default: that of the mode)').choices(
        KERNEL_TARGETS,
      ),
    )
    .addOption(
      new Option('--iptables-variant <variant>', 'which iptables, where two are installed')
        .choices(IPTABLES_VARIANTS)
        .default('default'),
    );
}

export function isKernelTarget(target: string): target is KernelTarget {
  return KERNEL_TARGETS.some((it) => it === target);
}

/** What would fail with the first rules; it is told before anything is done. */
export function targetProblem(target: KernelTarget, mode: Mode): Diagnostic[] {
  if (target === mode) return [];
  const message = `the ${target} target writes the rules of ${target} mode, and the mode is ${mode}: pass --proxy-mode ${target}, or leave out --target`;
  return [{ severity: 'error', code: 'unsupported', message }];
}

/** The form of rules in which a mode is at home, unless one was asked for. */
export function targetOf({ target }: Pick<TargetOptions, 'target'>, mode: Mode): KernelTarget {
  return target ?? mode;
}

/** The mode that a target is for, where nothing says which. */
export function withModeOf<Options extends Pick<ClusterOptions, 'config' | 'proxyMode'>>(
  options: Options,
  target: string | undefined,
): Options {
  if (target !== 'iptables' || options.proxyMode !== undefined || options.config !== undefined)
    return options;
  return { ...options, proxyMode: 'iptables' };
}

/** What rules depend on besides the ruleset. */
export interface RuleSettings {
  readonly seed: number;
  /** One bit of 32. */
  readonly masqueradeMark: number;
}

export function ruleSettings(
  { seed }: Pick<ClusterOptions, 'seed'>,
  configuration: Configuration | null,
  mode: Mode,
): RuleSettings {
  const bit = configuration?.masqueradeBit[mode] ?? null;
  return { seed, masqueradeMark: bit === null ? NFTABLES_DEFAULTS.masqueradeMark : 2 ** bit };
}

/**
 * The whole of a ruleset as input of the kernel's tools, by what reads it.
 * @throws {UnsupportedFeatureError} for what the target cannot say
 */
export function kernelTexts(
  ruleset: Ruleset,
  target: KernelTarget,
  { seed, masqueradeMark }: RuleSettings,
): Readonly<Record<string, string>> {
  if (target === 'nftables') {
    const options: NftablesOptions = { ...NFTABLES_DEFAULTS, seed, masqueradeMark };
    const [reader = ''] = READERS.nftables;
    return { [reader]: new NftablesWriter(ruleset, options).load().text };
  }
  const { IPv4, IPv6 } = new IptablesWriter({ masqueradeMark }).full(ruleset);
  const [first = '', second = ''] = READERS.iptables;
  return { [first]: IPv4.text, [second]: IPv6.text };
}

/** What reads the texts of a target, in the order of a driver's plan. */
const READERS: Readonly<Record<KernelTarget, readonly string[]>> = {
  nftables: ['nft -f -'],
  iptables: ['iptables-restore --noflush --counters', 'ip6tables-restore --noflush --counters'],
};

/** A text with a comment that says what reads it. */
export function inputText(reader: string, text: string): string {
  return `# Input of: ${reader}\n${text}`;
}

/** The texts of a driver's plan, each with its reader. */
export function plannedText(target: KernelTarget, texts: readonly string[]): string {
  return texts.map((text, index) => inputText(READERS[target][index] ?? '', text)).join('');
}

export interface OpenDriver {
  readonly driver: RuleDriver;
  /** What a load would do, without doing it. */
  readonly plan: (ruleset: Ruleset) => Promise<LoadPlan>;
  /** Ends what the driver keeps running; the rules stay. */
  readonly close: () => void;
}

/** Opens a driver; the package with its tools is loaded here, and only when the kernel is touched. */
export async function openDriver(
  target: KernelTarget,
  { seed, masqueradeMark }: RuleSettings,
  variant: IptablesVariant,
): Promise<OpenDriver> {
  const { IptablesDriver, NftablesDriver } = await import('@shunt/kernel');
  if (target === 'nftables') {
    const driver = new NftablesDriver({ rules: { seed, masqueradeMark } });
    return { driver, plan: (ruleset) => driver.plan(ruleset), close: () => driver.close() };
  }
  const driver = new IptablesDriver({ variant, rules: { masqueradeMark } });
  return { driver, plan: (ruleset) => driver.plan(ruleset), close: () => {} };
}
