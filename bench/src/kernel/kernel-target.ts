/** What the kernel suite measures: each with the rules of a namespace to itself. */
import {
  IptablesWriter,
  NFTABLES_DEFAULTS,
  NftablesWriter,
  NO_TABLES,
  type PerFamily,
  type Ruleset,
  type RulesetChange,
  type RuleText,
} from '@shunt/compiler';
import { FAMILIES, type Mode } from '@shunt/model';
import { SEEDS } from '../workload/random.js';
import type { KernelBed } from './kernel-bed.js';
import { kubeProxyLoad, kubeProxyUpdate } from './peers/kube-proxy-nftables.js';

/** How much was given to the kernel's tools. */
export interface Written {
  readonly lines: number;
  readonly bytes: number;
}

/** Rules in the node's namespace of one bed. */
export interface KernelRules {
  /** From nothing. */
  load(ruleset: Ruleset): Written;
  /** From the last ruleset to this one. */
  apply(ruleset: Ruleset, change: RulesetChange): Written;
  /** Back to nothing; not measured. */
  clear(): void;
}

export interface KernelTarget {
  readonly name: string;
  readonly mode: Mode;
  readonly commands: readonly string[];
  /** In larger clusters it is left out: its loads would take many minutes. */
  readonly mostServices: number;
  open(bed: KernelBed): KernelRules;
}

/** Ours, and what ratios compare with. */
export const NFTABLES: KernelTarget = {
  name: 'nftables',
  mode: 'nftables',
  commands: ['nft'],
  mostServices: Number.POSITIVE_INFINITY,
  open: (bed) => {
    const options = { ...NFTABLES_DEFAULTS, seed: SEEDS.flowHash };
    let writer: NftablesWriter | null = null;
    return {
      load: (ruleset) => {
        writer = new NftablesWriter(ruleset, options);
        return nft(bed, writer.load().text);
      },
      apply: (ruleset, change) => {
        if (writer === null) throw new RangeError('"apply" expected rules that are loaded');
        return nft(bed, writer.update(ruleset, change).text);
      },
      clear: () => clearNft(bed),
    };
  },
};

/** kube-proxy's nftables layout, at the speed of text: without what kube-proxy itself takes to make it. */
export const KUBE_PROXY_NFTABLES: KernelTarget = {
  name: "kube-proxy's nftables layout",
  mode: 'nftables',
  commands: ['nft'],
  mostServices: 10_000,
  open: (bed) => ({
    load: (ruleset) => nft(bed, kubeProxyLoad(ruleset)),
    apply: (ruleset, change) => nft(bed, kubeProxyUpdate(ruleset, change)),
    clear: () => clearNft(bed),
  }),
};

/** The iptables target writes kube-proxy's own layout, so it is target and peer in one. */
export const KERNEL_TARGETS: readonly KernelTarget[] = [
  NFTABLES,
  iptables('legacy', Number.POSITIVE_INFINITY),
  iptables('nft', 1_000),
  KUBE_PROXY_NFTABLES,
];

function iptables(variant: 'legacy' | 'nft', mostServices: number): KernelTarget {
  const program = { IPv4: `iptables-${variant}-restore`, IPv6: `ip6tables-${variant}-restore` };
  return {
    name: `iptables (${variant}), kube-proxy's layout`,
    mode: 'iptables',
    commands: [program.IPv4, program.IPv6],
    mostServices,
    open: (bed) => {
      const writer = new IptablesWriter();
      const restore = (texts: PerFamily<RuleText>): Written =>
        FAMILIES.map((family) => {
          const { text } = texts[family];
          bed.run('node', program[family], ['-w', '5', '--noflush', '--counters'], text);
          return writtenOf(text);
        }).reduce((a, b) => ({ lines: a.lines + b.lines, bytes: a.bytes + b.bytes }));
      return {
        load: (ruleset) => restore(writer.full(ruleset, { IPv4: NO_TABLES, IPv6: NO_TABLES })),
        apply: (ruleset, change) => restore(writer.partial(ruleset, change)),
        // Without --noflush a table becomes what the text says: nothing.
        clear: () => {
          for (const family of FAMILIES) {
            bed.run('node', program[family], ['-w', '5'], '*filter\nCOMMIT\n*nat\nCOMMIT\n');
          }
        },
      };
    },
  };
}

function nft(bed: KernelBed, text: string): Written {
  if (text !== '') bed.run('node', 'nft', ['-f', '-'], text);
  return writtenOf(text);
}

function clearNft(bed: KernelBed): void {
  bed.run('node', 'nft', ['flush', 'ruleset']);
}

function writtenOf(text: string): Written {
  return { lines: text.split('\n').length - 1, bytes: text.length };
}
