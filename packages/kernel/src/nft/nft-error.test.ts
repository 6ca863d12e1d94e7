import { type RuleText, RuleTextWriter } from '@shunt/compiler';
import { describe, expect, it } from 'vitest';
import { nftError } from './nft-error.js';

function rules(...lines: readonly (readonly [text: string, origin?: string])[]): RuleText {
  const writer = new RuleTextWriter();
  for (const [text, origin] of lines) writer.write(text, origin ?? null);
  return writer.finish();
}

const delta = rules(
  ['delete element ip shunt frontends {'],
  ['10.96.0.1 . tcp . 80,', 'IPv4 ns/web TCP'],
  ['}'],
);

describe('what nft says', () => {
  it('leads to the statement and the Service', () => {
    const output = [
      '/dev/stdin:2:1-9: Error: Could not process rule: No such file or directory',
      '10.96.0.1 . tcp . 80,',
      '^^^^^^^^^',
    ].join('\n');
    expect(nftError(output, delta)).toMatchObject({
      name: 'DriverError',
      statement: '10.96.0.1 . tcp . 80,',
      servicePort: 'IPv4 ns/web TCP',
      message:
        'nft refused line 2 (IPv4 ns/web TCP): Could not process rule: No such file or directory: 10.96.0.1 . tcp . 80,',
    });
  });

  it('of a file that was included leads there too', () => {
    const output =
      'In file included from <cmdline>:1:1-26:\n/tmp/x/transaction.nft:2:1-9: Error: syntax error, unexpected newline\n';
    expect(nftError(output, delta)).toMatchObject({ servicePort: 'IPv4 ns/web TCP' });
  });

  it('of a long line shows what the columns name', () => {
    const line = Array.from({ length: 500 }, (_, index) => `10.96.0.1 . ${index} : 10.0.0.1 . 80,`).join(' ');
    const at = line.indexOf('10.96.0.1 . 300');
    const { statement } = nftError(`/dev/stdin:1:${at + 1}-${at + 15}: Error: nope`, rules([line]));
    expect(statement).toMatch(/^10\.96\.0\.1 \. 300 : /);
    expect(statement?.length).toBeLessThanOrEqual(200);
  });

  it.each([
    ['add rule ip shunt c jhash ip saddr mod 3', 'CONFIG_NFT_HASH'],
    ['fib daddr type local goto x', 'CONFIG_NFT_FIB_IPV4'],
    ['type nat hook prerouting priority dstnat; policy accept;', 'CONFIG_NFT_NAT'],
    ['add table ip shunt', 'CONFIG_NF_TABLES'],
  ])('of a kernel that lacks something for "%s" names it', (line, feature) => {
    const output = '/dev/stdin:1:1-5: Error: Could not process rule: No such file or directory';
    expect(nftError(output, rules([line])).message).toContain(feature);
    const other = '/dev/stdin:1:1-5: Error: Could not process rule: File exists';
    expect(nftError(other, rules([line])).message).not.toContain('CONFIG');
  });

  it('without the rights for it is said in one sentence', () => {
    const output =
      'Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed\n';
    expect(nftError(output, delta).message).toBe(
      'nft may not change rules: it needs root, or the capability NET_ADMIN',
    );
  });

  it('without a place is passed on', () => {
    expect(nftError('\nsegmentation fault\n', delta)).toMatchObject({
      message: 'nft failed: segmentation fault',
      statement: null,
      servicePort: null,
    });
    expect(nftError('', delta).message).toBe('nft failed: it gave no reason');
  });
});
