import { RuleTextWriter } from '@shunt/compiler';
import { describe, expect, it } from 'vitest';
import { lineCount } from '../line-count.js';
import { tableTexts } from './table-texts.js';

describe('the texts of tables', () => {
  it('are transactions of their own, and know whose their lines are', () => {
    const writer = new RuleTextWriter();
    for (const line of ['*filter', ':A - [0:0]']) writer.write(line);
    writer.write('-A A -j COMMIT', 'one');
    writer.write('COMMIT');
    writer.write('*nat');
    writer.write('-A B', 'two');
    writer.write('COMMIT');
    const rules = writer.finish();
    const [filter, nat, ...others] = tableTexts(rules);
    expect(others).toEqual([]);
    expect(filter?.text).toBe('*filter\n:A - [0:0]\n-A A -j COMMIT\nCOMMIT\n');
    expect(filter?.originOf(3)).toBe('one');
    expect(nat?.text).toBe('*nat\n-A B\nCOMMIT\n');
    expect([1, 2, 3].map((line) => nat?.originOf(line))).toEqual([null, 'two', null]);
  });

  it('are none of nothing', () => {
    expect(tableTexts({ text: '', originOf: () => null })).toEqual([]);
  });

  it('count as many lines as there are line breaks', () => {
    expect(lineCount('')).toBe(0);
    expect(lineCount('*nat\nCOMMIT\n')).toBe(2);
  });
});
