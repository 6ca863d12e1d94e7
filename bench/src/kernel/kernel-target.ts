/** What the kernel suite measures: each with the rules of a namespace to itself. */
import { IptablesWriter, NO_TABLES, type Ruleset, type RulesetChange } from '@shunt/compiler';
import {
  ChildProcessRunner,
  type CommandRunner,
  IptablesDriver,
  NftablesDriver,
  type RuleDriver,
} from '@shunt/kernel';
import { FAMILIES, type Mode } from '@shunt/model';
import { SEEDS } from '../workload/random.js';
import { type KernelBed, KernelFailure } from './kernel-bed.js';
import { kubeProxyLoad, kubeProxyUpdate } from './peers/kube-proxy-nftables.js';

/** Rules in the node's namespace of one bed. */
export interface KernelRules {
  /**
   * From nothing.
   * @returns how many lines the kernel's tools were given
   */
  load(ruleset: Ruleset): Promise<number>;
  /** From the last ruleset to this one. */
  apply(ruleset: Ruleset, change: RulesetChange): Promise<number>;
  /** Back to nothing; not measured. */
  clear(): Promise<void>;
  /** The end of the benchmark; the bed's end removes the rules. */
  close(): void;
}

export interface KernelTarget {
  readonly name: string;
  readonly mode: Mode;
  readonly commands: readonly string[];
  /** In larger clusters it is left out: its loads would take many minutes. */
  readonly mostServices: number;
  /** Not ours. */
  readonly isPeer: boolean;
  open(bed: KernelBed): KernelRules;
}

/** What ratios compare with. */
export const BASELINE = 'nftables';

const ALWAYS = Number.POSITIVE_INFINITY;

export const KERNEL_TARGETS: readonly KernelTarget[] = [
  nftables(BASELINE, true),
  nftables('nftables, a process for each change', false),
  iptables('legacy', ALWAYS),
  iptables('nft', 1_000),
  {
    name: "kube-proxy's nftables layout",
    mode: 'nftables',
    commands: ['nft'],
    mostServices: 10_000,
    isPeer: true,
    open: kubeProxyNftables,
  },
  {
    name: "kube-proxy's iptables layout",
    mode: 'iptables',
    commands: ['iptables-legacy-restore', 'ip6tables-legacy-restore'],
    mostServices: 10_000,
    isPeer: true,
    open: kubeProxyIptables,
  },
];

function nftables(name: string, session: boolean): KernelTarget {
  return {
    name,
    mode: 'nftables',
    commands: ['nft'],
    mostServices: ALWAYS,
    isPeer: false,
    open: (bed) => {
      const driver = new NftablesDriver({ runner: runnerIn(bed), session, rules: { seed: SEEDS.flowHash } });
      return rulesOf(driver, () => driver.close());
    },
  };
}

function iptables(variant: 'legacy' | 'nft', mostServices: number): KernelTarget {
  return {
    name: `iptables (${variant})`,
    mode: 'iptables',
    commands: [`iptables-${variant}-restore`, `ip6tables-${variant}-restore`],
    mostServices,
    isPeer: false,
    open: (bed) => rulesOf(new IptablesDriver({ runner: runnerIn(bed), variant }), () => undefined),
  };
}

function rulesOf(driver: RuleDriver, close: () => void): KernelRules {
  return {
    load: async (ruleset) => (await driver.load(ruleset)).statements,
    apply: async (ruleset, change) => (await driver.apply(ruleset, change)).statements,
    clear: () => driver.remove(),
    close,
  };
}

/** Text for nft as kube-proxy gives it, at the speed of our making it. */
function kubeProxyNftables(bed: KernelBed): KernelRules {
  const runner = runnerIn(bed);
  return {
    load: (ruleset) => give(runner, 'nft', ['-f', '-'], kubeProxyLoad(ruleset)),
    apply: (ruleset, change) => give(runner, 'nft', ['-f', '-'], kubeProxyUpdate(ruleset, change)),
    clear: async () => void (await give(runner, 'nft', ['flush', 'ruleset'], '')),
    close: () => undefined,
  };
}

/** The iptables target's text, which is kube-proxy's, given to the tools as kube-proxy does: not tried before. */
function kubeProxyIptables(bed: KernelBed): KernelRules {
  const runner = runnerIn(bed);
  const writer = new IptablesWriter();
  const restore = async (texts: ReturnType<IptablesWriter['full']>): Promise<number> => {
    let lines = 0;
    for (const family of FAMILIES) {
      const program = RESTORE[family];
      lines += await give(runner, program, ['-w', '5', '--noflush', '--counters'], texts[family].text);
    }
    return lines;
  };
  return {
    load: (ruleset) => restore(writer.full(ruleset, { IPv4: NO_TABLES, IPv6: NO_TABLES })),
    apply: (ruleset, change) => restore(writer.partial(ruleset, change)),
    // Without --noflush a table becomes what the text says: nothing.
    clear: async () => {
      const nothing = '*filter\nCOMMIT\n*nat\nCOMMIT\n';
      for (const family of FAMILIES) await give(runner, RESTORE[family], ['-w', '5'], nothing);
    },
    close: () => undefined,
  };
}

const RESTORE = { IPv4: 'iptables-legacy-restore', IPv6: 'ip6tables-legacy-restore' } as const;

/** Milliseconds after which a tool is taken for stuck: the slowest load of a peer takes minutes. */
const PATIENCE = 900_000;

/** @returns the lines of the text */
async function give(
  runner: CommandRunner,
  program: string,
  args: readonly string[],
  input: string,
): Promise<number> {
  const { status, stderr } = await runner.run({ program, args, input, timeout: PATIENCE });
  if (status !== 0) throw new KernelFailure(`${program} ended with ${status}: ${stderr.slice(0, 400)}`);
  return input.split('\n').length - 1;
}

function runnerIn(bed: KernelBed): CommandRunner {
  return new ChildProcessRunner(bed.enter('node'));
}
