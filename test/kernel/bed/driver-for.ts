import {
  ChildProcessRunner,
  type CommandRunner,
  IptablesDriver,
  NftablesDriver,
  type RuleDriver,
} from '@shunt/kernel';
import type { NetworkNamespace } from '../network-namespace.js';
import type { KernelRules } from './kernel-rules.js';

/** The driver that programs a namespace as an agent would. Each call makes another one, which knows nothing. */
export function driverFor({ name }: KernelRules, namespace: NetworkNamespace): RuleDriver {
  const runner = runnerIn(namespace);
  if (name === 'nftables') return new NftablesDriver({ runner, session: false });
  const variant = name === 'iptables-legacy' ? 'legacy' : 'nft';
  return new IptablesDriver({ runner, variant, lockFile: namespace.path });
}

export function runnerIn(namespace: NetworkNamespace): CommandRunner {
  return new ChildProcessRunner(['ip', 'netns', 'exec', namespace.name]);
}
