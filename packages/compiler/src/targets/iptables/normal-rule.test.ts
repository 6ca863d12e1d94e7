import { describe, expect, it } from 'vitest';
import { normalRule } from './normal-rule.js';

/** A rule as kube-proxy writes it, and as iptables-save (1.8.9, both variants) prints it. */
const SAME: readonly (readonly [string, string])[] = [
  [
    '-m comment --comment "ns/svc:p cluster IP" -m tcp -p tcp -d 172.30.0.41 --dport 80 ! -s 10.0.0.0/8 -j KUBE-MARK-MASQ',
    '! -s 10.0.0.0/8 -d 172.30.0.41/32 -p tcp -m comment --comment "ns/svc:p cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ',
  ],
  ['-j MARK --or-mark 0x004000', '-j MARK --set-xmark 0x4000/0x4000'],
  ['-j MARK --xor-mark 0x004000', '-j MARK --set-xmark 0x4000/0x0'],
  ['-m mark ! --mark 0x004000/0x004000 -j RETURN', '-m mark ! --mark 0x4000/0x4000 -j RETURN'],
  [
    '-m statistic --mode random --probability 0.3333333333 -j X',
    '-m statistic --mode random --probability 0.33333333349 -j X',
  ],
  ['-d 10.0.0.1 -j REJECT', '-d 10.0.0.1/32 -j REJECT --reject-with icmp-port-unreachable'],
  ['-d fd00::1 -j REJECT', '-d fd00::1/128 -j REJECT --reject-with icmp6-port-unreachable'],
  [
    '-m recent --name KUBE-SEP-X --rcheck --seconds 10 --reap -j KUBE-SEP-X',
    '-m recent --rcheck --seconds 10 --reap --name KUBE-SEP-X --mask 255.255.255.255 --rsource -j KUBE-SEP-X',
  ],
  ['-s 0.0.0.0/0 -j X', '-j X'],
  ['-m comment --comment ns/svc:p -j X', '-m comment --comment "ns/svc:p" -j X'],
  ['-m comment --comment "a \\"b\\" \\\\" -j X', `-m comment --comment "a \\"b\\" \\\\" -j X`],
  ['-j DNAT --to-destination [fd00:0:0::1]:80', '-j DNAT --to-destination [fd00::1]:80'],
  ['-m conntrack --ctstate RELATED,ESTABLISHED -j X', '-m conntrack --ctstate ESTABLISHED,RELATED -j X'],
];

const OTHER: readonly (readonly [string, string])[] = [
  ['-s 10.0.0.0/8 -j X', '! -s 10.0.0.0/8 -j X'],
  ['-s 10.0.0.0/8 -j X', '-s 10.0.0.0/9 -j X'],
  ['-s 10.0.0.0/8 -j X', '-d 10.0.0.0/8 -j X'],
  ['-j X', '-g X'],
  ['-j X', '-m socket -j X'],
  ['-j X', '! -s 0.0.0.0/0 -j X'],
  ['-p tcp -j X', '-p udp -j X'],
  ['-m statistic --mode random --probability 0.5 -j X', '-m statistic --mode random --probability 0.51 -j X'],
  ['-j MARK --or-mark 0x4000', '-j MARK --xor-mark 0x4000'],
  ['-m comment --comment "a b" -j X', '-m comment --comment "a  b" -j X'],
  ['-m comment --comment "-j Y" -j X', '-j Y -j X'],
  ['-m recent --name A --set -j X', '-m recent --name A --rcheck -j X'],
];

describe('normalRule', () => {
  it.each(SAME)('%s is %s', (written, printed) => {
    expect(normalRule(printed)).toBe(normalRule(written));
  });

  it.each(OTHER)('%s is not %s', (one, other) => {
    expect(normalRule(one)).not.toBe(normalRule(other));
  });
});
