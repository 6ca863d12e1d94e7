import {
  type Backend,
  type Evaluation,
  Evaluator,
  emitTable,
  masquerades,
  pick,
  type Ruleset,
} from '@shunt/compiler';
import { Dataplane, type LookupResult } from '@shunt/dataplane';
import {
  FAMILIES,
  familyOf,
  formatEndpoint,
  type Packet,
  packetWords,
  readVerdict,
  verdictWords,
  writePacket,
} from '@shunt/model';
import { packetsFor, rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const RULESETS = 600;
const PACKETS_PER_RULESET = 40;

interface Question {
  readonly ruleset: Ruleset;
  readonly packets: readonly Packet[];
  readonly seed: number;
}

/** Packets for the same ruleset, so that one table answers many. */
function questions(): fc.Arbitrary<Question> {
  return rulesets().chain((ruleset) =>
    fc.record({
      ruleset: fc.constant(ruleset),
      packets: fc.array(packetsFor(ruleset), {
        minLength: PACKETS_PER_RULESET,
        maxLength: PACKETS_PER_RULESET,
      }),
      seed: fc.integer({ min: 0, max: 0xffffffff }),
    }),
  );
}

/** What the specification says of a packet, in the words of a lookup. */
function expected(evaluation: Evaluation, packet: Packet, backend: Backend | null): object {
  const { verdict, origin, decidedBy, servicePort, frontend } = evaluation;
  return {
    verdict,
    origin,
    decidedBy,
    servicePort,
    frontend,
    backend: backend === null ? null : formatEndpoint(backend.address, backend.port),
    masquerade: backend !== null && masquerades(evaluation, packet, backend),
  };
}

function actual(result: LookupResult): object {
  const { verdict, origin, decidedBy, backend, masquerade } = result;
  return {
    verdict,
    origin,
    decidedBy,
    servicePort: result.frontend?.servicePort ?? null,
    frontend: result.frontend?.frontend ?? null,
    backend: backend === null ? null : formatEndpoint(backend.address, backend.port),
    masquerade,
  };
}

/** The verdicts of all packets, those of a family from one batch. */
function lookUpAll(dataplane: Dataplane, packets: readonly Packet[]): object[] {
  const verdicts: object[] = [];
  for (const family of FAMILIES) {
    const numbers = packets.flatMap((packet, number) => (familyOf(packet.source) === family ? number : []));
    const records = new Uint32Array(numbers.length * packetWords(family));
    const answers = new Uint32Array(numbers.length * verdictWords(family));
    numbers.forEach((number, i) => void writePacket(records, i, packets[number] as Packet));
    if (family === 'IPv4') dataplane.lookupBatch(records, answers, numbers.length);
    else dataplane.lookupBatch6(records, answers, numbers.length);
    numbers.forEach((number, i) => {
      verdicts[number] = { ...readVerdict(answers, i, family), frontend: null };
    });
  }
  return verdicts;
}

describe('a match table', () => {
  it(`answers ${RULESETS * PACKETS_PER_RULESET} packets as the specification does`, () => {
    const seen = new Map<string, number>();
    const property = fc.property(questions(), ({ ruleset, packets, seed }) => {
      const evaluator = new Evaluator(ruleset);
      const { image, directory } = emitTable(ruleset, { seed });
      // A flow's pick by chance is the same alone and in a batch.
      const dataplane = Dataplane.load(image, { directory, random: () => seed });
      const batched = lookUpAll(dataplane, packets);
      packets.forEach((packet, number) => {
        const evaluation = evaluator.evaluate(packet);
        const result = dataplane.lookup(packet);
        expect(batched[number]).toEqual({ ...result, frontend: null });
        const { backend } = result;
        // What cannot be told, by chance or for want of a source port, must still be one of the candidates.
        const chosen =
          pick(evaluation, packet, seed) ??
          evaluation.candidates.find((it) => it.address === backend?.address && it.port === backend.port) ??
          null;
        expect(actual(result)).toEqual(expected(evaluation, packet, chosen));
        expect(backend !== null).toBe(evaluation.candidates.length > 0);
        const { verdict, decidedBy, origin, frontend } = evaluation;
        for (const fact of [
          `${ruleset.mode} ${typeof packet.source} ${verdict}`,
          `by ${decidedBy}`,
          `kind ${frontend?.kind ?? 'none'} ${verdict}`,
          `origin ${origin}`,
          result.masquerade && evaluation.masquerade === 'never' ? 'hairpin' : 'no hairpin',
        ]) {
          seen.set(fact, (seen.get(fact) ?? 0) + 1);
        }
      });
    });
    fc.assert(property, { numRuns: RULESETS });
    const facts = [...seen].map(([fact, count]) => `${fact}: ${count}`).sort();
    for (const mode of ['iptables', 'nftables']) {
      for (const family of ['number', 'bigint']) {
        for (const verdict of ['dnat', 'reject', 'drop', 'none', 'accept']) {
          expect(facts.join('\n')).toContain(`${mode} ${family} ${verdict}:`);
        }
      }
    }
    for (const fact of [
      'by source-ranges',
      'by cluster-ip',
      'by service-cidr',
      'by localnet',
      'hairpin',
      'origin node',
    ]) {
      expect(seen.get(fact) ?? 0, facts.join('\n')).toBeGreaterThan(50);
    }
  });
});
