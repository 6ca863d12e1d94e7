/** Whatever a cluster holds: what is resolved from it in iptables mode, kube-proxy's rules can say. */
import { IptablesWriter, resolve } from '@shunt/compiler';
import { describeCounterExample, scenarios } from '@shunt/testing';
import * as fc from 'fast-check';
import { describe, it } from 'vitest';

describe('the iptables target', () => {
  it('refuses nothing that resolve makes', () => {
    fc.assert(
      fc.property(scenarios({ modes: ['iptables'], maxPackets: 1 }), ({ cluster, node, config, packets }) => {
        const { ruleset } = resolve({ state: cluster.state(), node, config });
        try {
          new IptablesWriter().full(ruleset);
        } catch (error) {
          const problem = String(error);
          throw new Error(describeCounterExample({ cluster, node, config, packets, problem }));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
