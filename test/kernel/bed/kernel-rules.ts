/** What every form of rules does for the bed. */
import type { Ruleset, RulesetChange } from '@shunt/compiler';
import type { Mode } from '@shunt/model';
import type { NetworkNamespace } from '../network-namespace.js';
import type { Promises } from './judge.js';

/** The rules of one namespace. */
export interface LoadedRules {
  /** Brings the rules to a later ruleset, as the difference. */
  update(ruleset: Ruleset, change: RulesetChange): void;
}

export interface KernelRules {
  readonly name: 'nftables' | 'iptables-legacy' | 'iptables-nft';
  /** Whose packets the target is for. */
  readonly mode: Mode;
  /** The programs that it takes. */
  readonly programs: readonly string[];
  readonly promises: Promises;
  /**
   * Makes these the only rules of a namespace; nothing of rules loaded before is remembered.
   * @throws {UnsupportedFeatureError} before anything is done
   */
  load(namespace: NetworkNamespace, ruleset: Ruleset): LoadedRules;
}
