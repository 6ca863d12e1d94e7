import { IptablesWriter, NO_TABLES, type RuleText } from '@shunt/compiler';
import { FAMILIES, type Family } from '@shunt/model';
import type { KernelRules } from './kernel-rules.js';

/** Behind all jumps: what comes here, kube-proxy's rules have not accepted. */
const UNACCEPTED_MARK = 1;

/** Tables as a kernel has them that runs no proxy. */
const NO_RULES = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate NEW -j CONNMARK --or-mark ${UNACCEPTED_MARK}
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
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
      const restore = (texts: Readonly<Record<Family, RuleText>>): void => {
        for (const family of FAMILIES) {
          namespace.run(programs[family], ['--wait', '5', '--noflush', '--counters'], texts[family].text);
        }
      };
      const texts = writer.full(ruleset, { IPv4: NO_TABLES, IPv6: NO_TABLES });
      for (const program of Object.values(programs)) namespace.run(program, ['--wait', '5'], NO_RULES);
      restore(texts);
      return { update: (next, change) => restore(writer.partial(next, change)) };
    },
  };
}

export const IPTABLES_LEGACY = iptables('legacy');
export const IPTABLES_NFT = iptables('nft');
