import { describe, expect, it } from 'vitest';
import { nftDifferences } from './differences.js';
import type { NftTable } from './nft-table.js';

function tableOf(chains: Readonly<Record<string, readonly string[]>>): NftTable {
  return {
    family: 'ip',
    name: 'shunt',
    declarations: new Map(),
    elements: new Map(),
    chains: new Map(Object.entries(chains)),
  };
}

const HOOK = 'type nat hook output priority -100; policy accept;';

describe('a chain that differs', () => {
  it.each<[string, readonly string[], readonly string[], string]>([
    [
      'with a hook, against its rules in another order',
      [HOOK, 'jump services', 'goto outgoing'],
      [HOOK, 'goto outgoing', 'jump services'],
      `{ ${HOOK} jump services; goto outgoing }, but it is { ${HOOK} goto outgoing; jump services }`,
    ],
    [
      'with a hook, against one without rules',
      [HOOK, 'jump services'],
      [HOOK],
      `{ ${HOOK} jump services }, but it is { ${HOOK} }`,
    ],
    [
      'without a hook',
      ['accept', 'drop'],
      ['accept', 'return'],
      '{ accept; drop }, but it is { accept; return }',
    ],
  ])('is told with one semicolon between two rules: %s', (_, should, is, what) => {
    expect(nftDifferences([tableOf({ output: should })], [tableOf({ output: is })])).toEqual([
      { servicePort: null, kind: 'changed', what: `chain ip shunt output ${what}` },
    ]);
  });

  it('is told when it is missing, or nobody asked for it', () => {
    const found = nftDifferences([tableOf({ a: [HOOK, 'accept'] })], [tableOf({ b: ['drop'] })]);
    expect(found.map(({ kind, what }) => `${kind} ${what}`)).toEqual([
      `missing chain ip shunt a { ${HOOK} accept }`,
      'unexpected chain ip shunt b { drop }',
    ]);
  });
});
