import { describe, expect, it } from 'vitest';
import { seededRandom } from '../random.js';
import { PortRange } from './port-range.js';

function open(text: string): PortRange {
  const { range, problem } = PortRange.parse(text);
  if (range === null) throw new RangeError(problem);
  return range;
}

describe('a range of node ports', () => {
  it.each([
    ['30000-32767', 30000, 32767],
    ['30000+10', 30000, 30010],
    [' 80 ', 80, 80],
  ])('is read from %s', (text, first, last) => {
    expect(open(text)).toMatchObject({ first, last });
  });

  it.each(['', '0-10', '10-5', '1-65536', '65535+1', 'a-b', '1-2-3'])('is not read from %j', (text) => {
    expect(PortRange.parse(text)).toEqual({
      range: null,
      problem: `${JSON.stringify(text)} is no port range; write the first and the last port, both 1 to 65535, as in 30000-32767`,
    });
  });

  it('says its range, and who has a port', () => {
    const range = open('30000-32767');
    expect(range.allocate(80, 'a')?.message).toBe(
      'provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
    range.allocate(30080, 'Service default/web');
    expect(range.allocate(30080, 'a')?.message).toBe(
      'provided port is already allocated to Service default/web',
    );
  });

  it('adopts ports from outside, which count neither as used nor as free', () => {
    const range = open('30000-30009');
    expect(range.adopt(80, 'a')).toBeNull();
    expect(range.adopt(80, 'a')).toBeNull();
    expect(range.adopt(80, 'b')?.reason).toBe('allocated');
    expect([range.used, range.free, range.owner(80)]).toEqual([0, 10, 'a']);
    expect(range.release(80, 'b')).toBe(false);
    expect(range.release(80, 'a')).toBe(true);
    expect([...range.held()]).toEqual([]);
  });

  it('is full when every port is taken, in a range without a static band too', () => {
    const range = open('30000-30009');
    const random = seededRandom(1, 'ports');
    const seen = new Set(Array.from({ length: 10 }, () => range.allocateNext('a', random).value));
    expect(seen.size).toBe(10);
    expect(range.allocateNext('a', random).error?.reason).toBe('full');
  });
});
