import { IptablesWriter, NO_TABLES } from '@shunt/compiler';
import { FAMILIES, type Family } from '@shunt/model';
import type { KernelRules } from './kernel-rules.js';

/** Behind all jumps: what comes here, kube-proxy's rules have not accepted. */
const UNACCEPTED_MARK = 1;

/** The first line of the bed's own in the text of a table `filter`. */
const MARKING = `*filter\n-A INPUT -m conntrack --ctstate NEW -j CONNMARK --or-mark ${UNACCEPTED_MARK}`;

function iptables(variant: 'legacy' | 'nft'): KernelRules {
  const programs = { IPv4: `iptables-${variant}-restore`, IPv6: `ip6tables-${variant}-restore` };
  return {
    name: `iptables-${variant}`,
    mode: 'iptables',
    programs: Object.values(programs),
    promises: { seed: null, affinity: 'a record for each backend', unacceptedMark: UNACCEPTED_MARK },
    load(namespace, ruleset) {
      const writer = new IptablesWriter();
      const run = (family: Family, text: string, options: readonly string[]): void =>
        void namespace.run(programs[family], ['--wait', '5', '--counters', ...options], text);
      const texts = writer.full(ruleset, { IPv4: NO_TABLES, IPv6: NO_TABLES });
      for (const family of FAMILIES) run(family, texts[family].text.replace('*filter', MARKING), []);
      return {
        update: (next, change) => {
          const partial = writer.partial(next, change);
          for (const family of FAMILIES) run(family, partial[family].text, ['--noflush']);
        },
      };
    },
  };
}

export const IPTABLES_LEGACY = iptables('legacy');
export const IPTABLES_NFT = iptables('nft');
