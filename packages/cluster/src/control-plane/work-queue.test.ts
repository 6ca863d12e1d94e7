import { describe, expect, it } from 'vitest';
import { WorkQueue } from './work-queue.js';

describe('a work queue', () => {
  it('gives each key once, in the order in which they first came', () => {
    const queue = new WorkQueue();
    queue.add('b');
    queue.addAll(['a', 'b']);
    expect(queue.size).toBe(2);
    expect([...queue.drain()]).toEqual(['b', 'a']);
    expect(queue.size).toBe(0);
  });

  it('gives keys that are added while it is drained, also one that was given already', () => {
    const queue = new WorkQueue();
    queue.add('a');
    const given: string[] = [];
    for (const key of queue.drain()) {
      given.push(key);
      if (given.length === 1) queue.addAll(['b', 'a']);
    }
    expect(given).toEqual(['a', 'b', 'a']);
  });

  it('keeps what was not taken out', () => {
    const queue = new WorkQueue();
    queue.addAll(['a', 'b', 'c']);
    for (const key of queue.drain()) if (key === 'b') break;
    expect([...queue.drain()]).toEqual(['c']);
  });
});
