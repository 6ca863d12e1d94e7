import { address } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { applyRulesetChange } from './apply-change.js';
import { changeBetween, isEmptyChange } from './change.js';
import { readRuleset } from './read.js';
import type { Ruleset } from './types.js';

function ruleset(names: readonly string[], header = '', setting = 'no-endpoints'): Ruleset {
  const ports = names.map((name) =>
    [`service-port IPv4 ns/${name} TCP`, '  policy internal Cluster external Cluster', `  ${setting}`].join(
      '\n',
    ),
  );
  const text = `ruleset nftables node n\n${header}node-ports IPv4 on local refuse same\nnode-ports IPv6 on local refuse same\n${ports.join('\n')}\n`;
  const { ruleset: read, diagnostics } = readRuleset(text);
  expect(diagnostics).toEqual([]);
  return read as Ruleset;
}

describe('a change', () => {
  it.each([
    [[], ['a']],
    [['a'], []],
    [
      ['b', 'd'],
      ['a', 'c', 'e'],
    ],
    [
      ['a', 'b', 'c', 'd'],
      ['b', 'd', 'e'],
    ],
    [['b'], ['a', 'b', 'c']],
  ])('leads from service ports %j to %j', (before, after) => {
    const [old, now] = [ruleset(before), ruleset(after)];
    const applied = applyRulesetChange(old, changeBetween(old, now));
    expect(applied).toEqual(now);
    expect(old).toEqual(ruleset(before));
  });

  it('replaces what differs, and shares the rest', () => {
    const old = ruleset(['a', 'b', 'c']);
    const [a, , c] = old.servicePorts;
    const [, b] = ruleset(['a', 'b', 'c'], '', 'has-endpoints').servicePorts;
    const now = { ...old, servicePorts: [a, b, c] as Ruleset['servicePorts'] };
    const change = changeBetween(old, now);
    expect(change.replaced).toEqual([{ before: old.servicePorts[1], after: b }]);
    const applied = applyRulesetChange(old, change);
    expect(applied).toEqual(now);
    expect(applied.servicePorts[0]).toBe(a);
    expect(applied.clusterIPs).toBe(old.clusterIPs);
  });

  it('has the sections and cluster IPs that differ', () => {
    const old = ruleset([], 'local 192.0.2.1\n');
    const now = { ...ruleset([], 'local 192.0.2.2\n'), clusterIPs: [address('10.96.0.1')] };
    const change = changeBetween(old, now);
    expect(change).toMatchObject({
      clusterIPs: { removed: [], added: [address('10.96.0.1')] },
      sections: { localAddresses: [address('192.0.2.2')] },
    });
    expect(Object.keys(change.sections)).toEqual(['localAddresses']);
    expect(applyRulesetChange(old, change)).toEqual(now);
  });

  it('is empty between equal rulesets', () => {
    expect(isEmptyChange(changeBetween(ruleset(['a']), ruleset(['a'])))).toBe(true);
    expect(isEmptyChange(changeBetween(ruleset(['a']), ruleset(['b'])))).toBe(false);
    expect(isEmptyChange(changeBetween(ruleset([]), ruleset([], 'local 192.0.2.1\n')))).toBe(false);
  });

  it('is refused by another ruleset', () => {
    const change = changeBetween(ruleset(['a', 'b']), ruleset(['b', 'c']));
    expect(() => applyRulesetChange(ruleset(['b']), change)).toThrow(
      new RangeError('"change" expected a ruleset with service-port IPv4 ns/a TCP'),
    );
    expect(() => applyRulesetChange(ruleset(['a', 'c']), change)).toThrow(
      new RangeError('"change" expected a ruleset without service-port IPv4 ns/c TCP'),
    );
    const replacing = changeBetween(ruleset(['a']), ruleset(['a'], '', 'has-endpoints'));
    expect(() => applyRulesetChange(ruleset(['b']), replacing)).toThrow(RangeError);
  });
});
