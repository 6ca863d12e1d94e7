/** Option values as people write them. Each parser throws commander's error, which names the option. */
import { parseCidrList } from '@shunt/compiler';
import { type Address, type Cidr, type Mode, parseAddress } from '@shunt/model';
import { InvalidArgumentError, Option } from 'commander';
import { clusterCIDRProblem } from '../config/configuration-rules.js';
import { parseSize } from './size.js';

const MAX_SEED = 0xffffffff;

/** A u32, decimal or hexadecimal. */
export function seedOption(text: string): number {
  const seed = /^(?:\d+|0x[\da-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (seed >= 0 && seed <= MAX_SEED) return seed;
  throw new InvalidArgumentError('Expected an integer 0..4294967295, decimal or 0x....');
}

export function modeOption(text: string): Mode {
  if (text === 'iptables' || text === 'nftables') return text;
  if (text === 'ipvs' || text === 'kernelspace') {
    throw new InvalidArgumentError(`Shunt follows iptables and nftables; ${text} is not supported.`);
  }
  throw new InvalidArgumentError('Expected iptables or nftables.');
}

/** An option with values that are offered, but not insisted on: whoever reads the value does that. */
export function offering(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values).argParser((text) => text);
}

export function booleanOption(text: string): boolean {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new InvalidArgumentError('Expected true or false.');
}

export function sizeOption(text: string): number {
  const size = parseSize(text);
  if (size !== null) return size;
  throw new InvalidArgumentError('Expected a size such as 64k, 256MB or 1GiB.');
}

/** One address, or several with commas; adds to those of earlier uses of the option. */
export function addressesOption(text: string, previous: readonly Address[] = []): Address[] {
  const addresses = text.split(',').map((item) => {
    const address = parseAddress(item.trim());
    if (address === null) throw new InvalidArgumentError(`Expected an IP address, got "${item.trim()}".`);
    return address;
  });
  return [...previous, ...addresses];
}

/** One range, or several with commas; adds to those of earlier uses of the option. */
export function cidrsOption(text: string, previous: readonly Cidr[] = []): Cidr[] {
  return [...previous, ...cidrs(text)];
}

/** At most one range for each family, empty for none. */
export function clusterCIDROption(text: string, previous: readonly Cidr[] = []): Cidr[] {
  const ranges = [...previous, ...cidrs(text)];
  const problem = clusterCIDRProblem(ranges);
  if (problem !== null) throw new InvalidArgumentError(`${problem.replace(/^e/, 'E')}.`);
  return ranges;
}

export function nodePortAddressesOption(text: string): 'all' | 'primary' | Cidr[] {
  if (text === 'all' || text === 'primary') return text;
  try {
    const ranges = parseCidrList(text);
    if (ranges.length > 0) return ranges;
  } catch {
    // Said below, with the words that are allowed beside CIDRs.
  }
  throw new InvalidArgumentError('Expected all, or primary, or CIDRs such as 192.168.0.0/24 with commas.');
}

function cidrs(text: string): Cidr[] {
  try {
    return parseCidrList(text);
  } catch {
    throw new InvalidArgumentError('Expected a CIDR such as 10.0.0.0/16, or several with commas.');
  }
}
