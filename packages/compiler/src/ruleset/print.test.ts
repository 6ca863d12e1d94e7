import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { printRuleset } from './print.js';
import { readRuleset } from './read.js';
import type { Ruleset } from './types.js';
import { verifyRuleset } from './verify.js';

const manual = readFileSync(new URL('../../../../docs/ruleset.md', import.meta.url), 'utf8');
const example = /```ruleset\n(.*?)```/s.exec(manual)?.[1] ?? '';

function rulesetOf(text: string): Ruleset {
  const { ruleset, diagnostics } = readRuleset(text);
  expect(diagnostics).toEqual([]);
  return ruleset as Ruleset;
}

describe('the example in docs/ruleset.md', () => {
  it('is a ruleset that holds every invariant', () => {
    expect(verifyRuleset(rulesetOf(example))).toEqual([]);
  });

  it('is printed exactly as it is written', () => {
    expect(printRuleset(rulesetOf(example))).toBe(example);
  });
});

describe('a printed ruleset', () => {
  const ruleset = rulesetOf(example);

  it('quotes names that Kubernetes would not allow', () => {
    const [port] = ruleset.servicePorts;
    const odd = { ...ruleset, node: 'a\nb # "c"', servicePorts: [{ ...port, name: 'x/y:z', portName: 'é' }] };
    const text = printRuleset(odd as Ruleset);
    expect(text).toContain('node "a\\nb # \\"c\\""\n');
    expect(text).toContain('service-port IPv4 kube-system/"x/y:z":"é" UDP\n');
    expect(rulesetOf(text)).toEqual(odd);
  });

  it('keeps a changed slot to one line', () => {
    const lines = (text: string): Set<string> => new Set(text.split('\n'));
    const changed = printRuleset(rulesetOf(example.replace('slots 16: 1 0', 'slots 16: 0 0')));
    const before = lines(example);
    expect([...lines(changed)].filter((line) => !before.has(line))).toHaveLength(1);
  });

  it('shows the slots of an even pool that are not as they have to be', () => {
    const [, cart] = ruleset.servicePorts;
    const pool = { ...cart?.clusterPool, slots: [2, 1] };
    const wrong = { ...ruleset, servicePorts: [{ ...cart, clusterPool: pool }] } as Ruleset;
    const text = printRuleset(wrong);
    expect(text).toContain('pool cluster even 2 slots');
    expect(text).toContain('slots 0: 2 1\n');
    expect(rulesetOf(text)).toEqual(wrong);
  });
});
