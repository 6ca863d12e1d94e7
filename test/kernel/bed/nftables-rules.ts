import { NftablesWriter, type RuleText } from '@shunt/compiler';
import type { KernelRules } from './kernel-rules.js';

const SEED = 0x5ee7cafe;

export const NFTABLES: KernelRules = {
  name: 'nftables',
  mode: 'nftables',
  programs: ['nft'],
  promises: { seed: SEED, affinity: 'one record', unacceptedMark: null },
  load(namespace, ruleset) {
    const options = { seed: SEED, counters: false, masqueradeMark: 0x4000, tableName: 'shunt' };
    const writer = new NftablesWriter(ruleset, options);
    const run = ({ text }: RuleText): void => {
      if (text !== '') namespace.run('nft', ['-f', '-'], text);
    };
    run(writer.load());
    return { update: (next, change) => run(writer.update(next, change)) };
  },
};
