import {
  type Backend,
  type Evaluation,
  Evaluator,
  emitTable,
  masquerades,
  type Ruleset,
} from '@shunt/compiler';
import { Dataplane, TableRules } from '@shunt/dataplane';
import {
  type Address,
  FAMILIES,
  type Family,
  familyOf,
  ipv6Words,
  type Packet,
  packetWords,
  readVerdict,
  verdictWords,
  writePacket,
} from '@shunt/model';
import { packetsFor, rulesets } from '@shunt/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rulesetWith } from '../table/small-ruleset.js';
import { expectSame } from './expect-same.js';

const RULESETS = 300;
const PACKETS = 30;

function questions(): fc.Arbitrary<{ readonly ruleset: Ruleset; readonly packets: readonly Packet[] }> {
  return rulesets().chain((ruleset) =>
    fc.record({
      ruleset: fc.constant(ruleset),
      packets: fc.array(packetsFor(ruleset), { minLength: PACKETS, maxLength: PACKETS }),
    }),
  );
}

/** The backends that some flow of a packet's client gets. */
function eligible({ candidates, pool }: Evaluation): Backend[] {
  if (pool === null || pool.strategy === 'random') return [...candidates];
  const named = new Set(pool.slots);
  return candidates.filter((_, index) => named.has(index));
}

function wordsOf(address: Address): Uint32Array {
  return Uint32Array.from(typeof address === 'number' ? [address] : ipv6Words(address));
}

class Table {
  readonly #dataplane: Dataplane;
  readonly #rules: Readonly<Record<Family, TableRules>>;

  constructor(ruleset: Ruleset) {
    const { image } = emitTable(ruleset);
    this.#dataplane = Dataplane.load(image);
    const table = {
      image,
      lookupBatch: (packets: Uint32Array, verdicts: Uint32Array, count: number) =>
        this.#dataplane.lookupBatch(packets, verdicts, count),
      lookupBatch6: (packets: Uint32Array, verdicts: Uint32Array, count: number) =>
        this.#dataplane.lookupBatch6(packets, verdicts, count),
    };
    this.#rules = { IPv4: new TableRules(table, 'IPv4'), IPv6: new TableRules(table, 'IPv6') };
  }

  /** Redirects a packet. @returns whether it could be, and its verdict then */
  redirect(packet: Packet, { address, port }: Backend, hint: (index: number) => number) {
    const family = familyOf(packet.source);
    const rules = this.#rules[family];
    const packets = new Uint32Array(packetWords(family));
    const verdicts = new Uint32Array(verdictWords(family));
    writePacket(packets, 0, packet);
    rules.lookup(packets, verdicts, 1);
    const before = readVerdict(verdicts, 0, family);
    const index = hint(before.backend?.index ?? 0);
    const done = rules.redirect(packets, 0, verdicts, 0, index, wordsOf(address), 0, port);
    const { frontendIndex } = before;
    const numbers = {
      servicePort: rules.servicePort(frontendIndex),
      affinitySeconds: rules.affinitySeconds(frontendIndex),
    };
    return { done, before, after: readVerdict(verdicts, 0, family), ...numbers };
  }
}

it('the rules of a table redirect to what the packet could get, and to nothing else', () => {
  let redirected = 0;
  fc.assert(
    fc.property(questions(), ({ ruleset, packets }) => {
      const table = new Table(ruleset);
      const evaluator = new Evaluator(ruleset);
      const all = ruleset.servicePorts.flatMap(({ clusterPool }) => clusterPool?.backends ?? []);
      for (const packet of packets) {
        const evaluation = evaluator.evaluate(packet);
        if (evaluation.verdict !== 'dnat') continue;
        const able = eligible(evaluation);
        const strangers = all.filter(
          ({ address, port }) =>
            familyOf(address) === familyOf(packet.source) &&
            !able.some((one) => one.address === address && one.port === port),
        );
        for (const backend of able) {
          for (const hint of [0, 7, 0xffffffff]) {
            const { done, before, after, ...numbers } = table.redirect(
              packet,
              backend,
              (index) => index + hint,
            );
            const { address, port } = backend;
            expectSame(done, true);
            expectSame({ address: after.backend?.address, port: after.backend?.port }, { address, port });
            expectSame(after.masquerade, masquerades(evaluation, packet, backend));
            expectSame([after.origin, after.decidedBy], [before.origin, before.decidedBy]);
            expectSame(numbers.affinitySeconds, evaluation.servicePort?.affinitySeconds ?? 0);
            redirected++;
          }
        }
        for (const backend of strangers.slice(0, 3)) {
          const { done, before, after } = table.redirect(packet, backend, (index) => index);
          expectSame([done, after], [false, before]);
        }
      }
    }),
    { numRuns: RULESETS },
  );
  expect(redirected).toBeGreaterThan(RULESETS);
});

it('no frontend belongs to no service port', () => {
  const image = emitTable(rulesetWith()).image;
  for (const family of FAMILIES) {
    const rules = new TableRules(
      { image, lookupBatch: () => undefined, lookupBatch6: () => undefined },
      family,
    );
    expect([rules.servicePort(0), rules.affinitySeconds(0)]).toEqual([0, 0]);
    const verdict = new Uint32Array(8);
    expect(rules.redirect(new Uint32Array(12), 0, verdict, 0, 0, new Uint32Array(4), 0, 0)).toBe(false);
  }
});
