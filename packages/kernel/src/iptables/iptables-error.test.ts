import { RuleTextWriter } from '@shunt/compiler';
import { describe, expect, it } from 'vitest';
import { iptablesError } from './iptables-error.js';

const writer = new RuleTextWriter();
writer.write('*nat');
writer.write(':KUBE-X - [0:0]');
writer.write('-A KUBE-X -j KUBE-NOPE', 'IPv4 ns/web TCP');
writer.write('COMMIT');
const rules = writer.finish();

describe('what iptables-restore says', () => {
  it.each([
    [
      'the legacy variant',
      [
        "iptables-restore v1.8.9 (legacy): Couldn't load target `KUBE-NOPE':No such file or directory",
        '',
        'Error occurred at line: 3',
        "Try `iptables-restore -h' or 'iptables-restore --help' for more information.",
      ],
      "Couldn't load target `KUBE-NOPE':No such file or directory",
    ],
    [
      'the variant on nftables',
      [
        'iptables-nft-restore v1.8.9 (nf_tables): unknown option "--dportx"',
        'Error occurred at line: 3',
        "Try `iptables-nft-restore -h' or 'iptables-nft-restore --help' for more information.",
      ],
      'unknown option "--dportx"',
    ],
    [
      'the variant on nftables at the commit',
      [
        'iptables-nft-restore v1.8.9 (nf_tables): ',
        'line 3: RULE_APPEND failed (No such file or directory): rule in chain X',
      ],
      'line 3: RULE_APPEND failed (No such file or directory): rule in chain X',
    ],
  ])('leads to the line and the Service: %s', (_, lines, reason) => {
    expect(iptablesError('iptables-restore', lines.join('\n'), rules)).toMatchObject({
      name: 'DriverError',
      statement: '-A KUBE-X -j KUBE-NOPE',
      servicePort: 'IPv4 ns/web TCP',
      message: `iptables-restore refused line 3 (IPv4 ns/web TCP): ${reason}: -A KUBE-X -j KUBE-NOPE`,
    });
  });

  it.each([
    "Fatal: can't open lock file /run/xtables.lock: Permission denied\n",
    'iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)\n',
  ])('about the lack of rights, in one sentence: %s', (output) => {
    expect(iptablesError('iptables-restore', output, rules).message).toBe(
      'iptables-restore may not change rules: it needs root, or the capability NET_ADMIN',
    );
  });

  it('is passed on where no line is named', () => {
    const output =
      'Another app is currently holding the xtables lock; still 0s 0us time ahead to have a chance to grab the lock...\n';
    expect(iptablesError('iptables-restore', output, rules)).toMatchObject({
      statement: null,
      message: expect.stringContaining('Another app is currently holding the xtables lock'),
    });
  });
});
