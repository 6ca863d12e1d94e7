import { describe, expect, it } from 'vitest';
import { chooseStrategy, parseBalanceChoice } from './choose-strategy.js';

describe('balance choice', () => {
  it('reads every strategy and auto, and nothing else', () => {
    for (const name of ['auto', 'even', 'maglev', 'random', 'rendezvous', 'ring', 'jump']) {
      expect(parseBalanceChoice(name)).toBe(name);
    }
    for (const text of ['', 'Maglev', ' even', 'toString', '__proto__', 'anchor']) {
      expect(parseBalanceChoice(text)).toBeNull();
    }
  });

  it('auto is maglev for what is reached from outside or has weights, else even', () => {
    const outside = { reachableFromOutside: true, weighted: false };
    const weighted = { reachableFromOutside: false, weighted: true };
    expect(chooseStrategy('auto', outside)).toBe('maglev');
    expect(chooseStrategy('auto', weighted)).toBe('maglev');
    expect(chooseStrategy('auto', { reachableFromOutside: false, weighted: false })).toBe('even');
    expect(chooseStrategy('random', outside)).toBe('random');
    expect(chooseStrategy('even', weighted)).toBe('even');
  });
});
