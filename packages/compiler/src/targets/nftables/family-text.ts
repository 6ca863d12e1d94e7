/** The words of nft that differ between the two families. */
import type { Family } from '@shunt/model';

export interface FamilyText {
  readonly table: 'ip' | 'ip6';
  readonly addressType: 'ipv4_addr' | 'ipv6_addr';
  readonly loopback: string;
}

export const FAMILY_TEXT: Readonly<Record<Family, FamilyText>> = {
  IPv4: { table: 'ip', addressType: 'ipv4_addr', loopback: '127.0.0.0/8' },
  IPv6: { table: 'ip6', addressType: 'ipv6_addr', loopback: '::1' },
};

/** Seconds as nft writes them: `3h`, `1d1h1m1s`. */
export function durationText(seconds: number): string {
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  return parts.map(([count, unit]) => (count > 0 ? `${count}${unit}` : '')).join('');
}
