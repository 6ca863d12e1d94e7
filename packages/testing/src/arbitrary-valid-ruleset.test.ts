import {
  diffRulesets,
  isEmptyDiff,
  printDiff,
  printRuleset,
  type Ruleset,
  readRuleset,
  rulesetToData,
  verifyRuleset,
} from '@shunt/compiler';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kubeProxyRulesets, validRulesets } from './arbitrary-valid-ruleset.js';

/** The same ruleset with the lists shuffled whose order means nothing. */
function shuffled(ruleset: Ruleset): fc.Arbitrary<Ruleset> {
  const shuffle = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
    fc.shuffledSubarray([...items], { minLength: items.length });
  return fc
    .tuple(shuffle(ruleset.servicePorts), shuffle(ruleset.localAddresses), shuffle(ruleset.clusterIPs))
    .chain(([servicePorts, localAddresses, clusterIPs]) =>
      fc
        .tuple(
          ...servicePorts.map((port) => shuffle(port.frontends).map((frontends) => ({ ...port, frontends }))),
        )
        .map((ports) => ({ ...ruleset, servicePorts: ports, localAddresses, clusterIPs })),
    );
}

describe('valid rulesets', () => {
  it('hold every invariant', () => {
    fc.assert(
      fc.property(fc.oneof(validRulesets(), kubeProxyRulesets()), (ruleset) => {
        expect(verifyRuleset(ruleset)).toEqual([]);
      }),
    );
  });

  it('cover every action, kind, strategy, family and mode', () => {
    const printed = fc.sample(validRulesets(), { numRuns: 400, seed: 1 }).map(printRuleset).join('\n');
    const words = [
      'any -> reject',
      'any -> drop',
      'any -> accept',
      'node -> none',
      'any -> cluster masquerade',
    ];
    words.push(
      'any -> cluster\n',
      'pod -> cluster,',
      'outside -> local',
      'pod -> local, node -> local masquerade',
    );
    words.push(
      'clusterIP ',
      'externalIP ',
      'loadBalancerIP ',
      'nodePort ',
      'healthCheckNodePort ',
      'sources ',
    );
    words.push(' even', ' maglev ', ' random', ' rendezvous ', ' ring ', ' jump ', 'slots 16:', 'weight ');
    words.push(
      'ruleset iptables',
      'ruleset nftables',
      'on none',
      'with loopback',
      'no-endpoints',
      'serving ',
    );
    words.push('-port IPv4', '-port IPv6', ' TCP\n', ' UDP\n', ' SCTP\n', 'affinity ', 'health-check ');
    expect(words.filter((word) => !printed.includes(word))).toEqual([]);
  });
});

describe('printing', () => {
  it('is undone by reading', () => {
    fc.assert(
      fc.property(validRulesets(), (ruleset) => {
        const text = printRuleset(ruleset);
        const { ruleset: read, diagnostics } = readRuleset(text);
        expect(diagnostics).toEqual([]);
        expect(read).toEqual(ruleset);
        expect(printRuleset(read as Ruleset)).toBe(text);
      }),
    );
  });

  it('does not depend on the order of lists', () => {
    const pairs = validRulesets().chain((ruleset) => fc.tuple(fc.constant(ruleset), shuffled(ruleset)));
    fc.assert(
      fc.property(pairs, ([ruleset, other]) => {
        expect(printRuleset(other)).toBe(printRuleset(ruleset));
        expect(JSON.stringify(rulesetToData(other))).toBe(JSON.stringify(rulesetToData(ruleset)));
        expect(isEmptyDiff(diffRulesets(ruleset, other))).toBe(true);
      }),
    );
  });
});

describe('reading', () => {
  it('never throws, and either gives a ruleset or says why not', () => {
    const damaged = fc
      .tuple(validRulesets({ maxServices: 2 }), fc.nat(), fc.nat(20), fc.string({ maxLength: 6 }))
      .map(([ruleset, at, length, noise]) => {
        const text = printRuleset(ruleset);
        const start = at % text.length;
        return text.slice(0, start) + noise + text.slice(start + length);
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.string({ unit: 'binary' })), (text) => {
        const { ruleset, diagnostics } = readRuleset(text);
        expect(ruleset === null).toBe(diagnostics.length > 0);
        // Damage may leave values that verification finds; whatever was read prints and reads again.
        if (ruleset !== null) expect(readRuleset(printRuleset(ruleset)).diagnostics).toEqual([]);
        for (const { position } of diagnostics) {
          expect(position?.line).toBeGreaterThan(0);
          expect(position?.column).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('a diff', () => {
  it('is empty exactly when both print the same', () => {
    const same = validRulesets().map((ruleset): [Ruleset, Ruleset] => [ruleset, ruleset]);
    const related = fc
      .tuple(validRulesets(), validRulesets())
      .map(([a, b]): [Ruleset, Ruleset] => [a, { ...b, servicePorts: [...a.servicePorts] }]);
    const pairs = fc.oneof(same, related, fc.tuple(validRulesets(), validRulesets()));
    fc.assert(
      fc.property(pairs, ([before, after]) => {
        const diff = diffRulesets(before, after);
        expect(isEmptyDiff(diff)).toBe(printRuleset(before) === printRuleset(after));
        expect(printDiff(diff) === '').toBe(isEmptyDiff(diff));
        expect(JSON.parse(JSON.stringify(diff))).toEqual(diff);
      }),
    );
  });
});
