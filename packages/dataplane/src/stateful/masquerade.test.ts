import { DECIDED_BY, type Family, PROTOCOL_NUMBER, VERDICT_FRONTEND, VERDICTS } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { Conntrack } from '../conntrack/conntrack.js';
import { Counters } from '../counters/counters.js';
import type { FamilyRules } from './family-rules.js';
import { StatefulPipeline } from './stateful-pipeline.js';

const COUNTING = { servicePorts: 4, backends: 4 };
const MASQUERADED_DNAT = 1 | (1 << 3) | (8080 << 16);

/** What becomes of a packet that is to be masqueraded, by the index of the address that was chosen. */
function outcomeOf(family: Family, index: number): number {
  const options = { family, flows: 8 } as const;
  const counters = new Counters(new Uint32Array(Counters.regionWords(COUNTING)), 0, COUNTING);
  const conntrack = new Conntrack(new Uint32Array(Conntrack.regionWords(options)), 0, options, counters);
  const { addressWords, packetWords, verdictAddress, flowVerdictWords } = conntrack.layout;
  const rules: FamilyRules = {
    lookup: (_, verdicts) => {
      verdicts[0] = MASQUERADED_DNAT;
      verdicts[VERDICT_FRONTEND] = 1;
      verdicts[verdictAddress] = 0x0a010001;
    },
    servicePort: () => 1,
    affinitySeconds: () => 0,
    redirect: () => false,
  };
  const addresses = new Uint32Array(2 * addressWords).fill(0x0a090001);
  const masquerade = { addresses, choose: () => index };
  const pipeline = new StatefulPipeline({ rules, conntrack, masquerade });
  const packet = new Uint32Array(packetWords);
  packet[0] = 0x0a020001;
  packet[addressWords] = 0x0a600001;
  packet[2 * addressWords] = (40_000 << 16) | 80;
  packet[2 * addressWords + 1] = PROTOCOL_NUMBER.UDP;
  const verdict = new Uint32Array(flowVerdictWords);
  pipeline.process(packet, verdict, 1, 0);
  return verdict[0] as number;
}

describe.each<Family>(['IPv4', 'IPv6'])('an address to masquerade with, of %s', (family) => {
  it.each([0, 1])('is number %d', (index) => {
    expect(VERDICTS[outcomeOf(family, index) & 7]).toBe('dnat');
  });

  it.each([2, 5, -1, 0.5, Number.NaN])('is none where number %d is chosen: the flow is dropped', (index) => {
    const outcome = outcomeOf(family, index);
    expect(VERDICTS[outcome & 7]).toBe('drop');
    expect(DECIDED_BY[(outcome >>> 8) & 15]).toBe('masquerade');
  });
});
