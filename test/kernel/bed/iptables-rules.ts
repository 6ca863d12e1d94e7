import { IptablesWriter, NO_TABLES, type RuleText } from '@shunt/compiler';
import { FAMILIES, type Family } from '@shunt/model';
import type { KernelRules } from './kernel-rules.js';

/** Behind all jumps: what comes here, kube-proxy's rules have not accepted. */
const UNACCEPTED_MARK = 1;

/** Tables as a kernel has them that runs no proxy. What they held is forgotten, and with it all clients. */
const NO_RULES = `*filter
-A INPUT -m conntrack --ctstate NEW -j CONNMARK --or-mark ${UNACCEPTED_MARK}
COMMIT
*nat
COMMIT
`;

function iptables(variant: 'legacy' | 'nft'): KernelRules {
  const programs = { IPv4: `iptables-${variant}-restore`, IPv6: `ip6tables-${variant}-restore` };
  return {
    name: `iptables-${variant}`,
    mode: 'iptables',
    programs: Object.values(programs),
    promises: { seed: null, affinity: 'a record for each backend', unacceptedMark: UNACCEPTED_MARK },
    load(namespace, ruleset) {
      const writer = new IptablesWriter();
      // Whoever else uses iptables on this machine shall neither wait nor be waited for.
      const lock = `XTABLES_LOCKFILE=${namespace.path}`;
      const run = (family: Family, text: string, options: readonly string[]): void =>
        void namespace.run('env', [lock, programs[family], '--wait', '5', '--counters', ...options], text);
      const write = (texts: Readonly<Record<Family, RuleText>>): void => {
        for (const family of FAMILIES) run(family, texts[family].text, ['--noflush']);
      };
      const texts = writer.full(ruleset, { IPv4: NO_TABLES, IPv6: NO_TABLES });
      for (const family of FAMILIES) run(family, NO_RULES, []);
      write(texts);
      return { update: (next, change) => write(writer.partial(next, change)) };
    },
  };
}

export const IPTABLES_LEGACY = iptables('legacy');
export const IPTABLES_NFT = iptables('nft');
