import { ClusterIps, IpRange, PortRange } from '@shunt/cluster';
import { type Cidr, formatAddress, formatCidr, parseAddress } from '@shunt/model';
import { SEEDS, seededRandom } from '../workload/random.js';
import { BitByBit, type Bitmap, WordByWord } from './bitmap.js';
import type { Pool, PoolImplementation } from './pool.js';

/** The allocator of cluster IPs, and its peers. */
export function addressPools(range: Cidr): PoolImplementation[] {
  return [
    { name: 'ClusterIps', open: () => clusterIPs(range) },
    { name: BitByBit.title, open: () => scannedAddresses(range, BitByBit) },
    { name: WordByWord.title, open: () => scannedAddresses(range, WordByWord) },
  ];
}

/** The allocator of node ports, and its peers. */
export function portPools(first: number, last: number): PoolImplementation[] {
  return [
    { name: 'PortRange', open: () => nodePorts(first, last) },
    { name: BitByBit.title, open: () => scannedPorts(first, last, BitByBit) },
    { name: WordByWord.title, open: () => scannedPorts(first, last, WordByWord) },
  ];
}

function clusterIPs(range: Cidr): Pool {
  const random = seededRandom(SEEDS.allocation);
  const ips = new ClusterIps();
  ips.addCidr(formatCidr(range));
  return {
    size: Number(new IpRange(range).usable),
    allocate: (owner) => ips.allocateNext('IPv4', owner, random).value,
    release: (text, owner) => void ips.release(text, owner),
  };
}

function nodePorts(first: number, last: number): Pool {
  const random = seededRandom(SEEDS.allocation);
  const ports = new PortRange(first, last);
  return {
    size: ports.size,
    allocate(owner) {
      const { value } = ports.allocateNext(owner, random);
      return value === null ? null : String(value);
    },
    release: (text, owner) => void ports.release(Number(text), owner),
  };
}

type BitmapClass = new (size: number) => Bitmap;

function scannedAddresses(range: Cidr, Kind: BitmapClass): Pool {
  const { usable, staticBandSize } = new IpRange(range);
  const size = Number(usable);
  const base = Number(range.base) + 1;
  return scanned(
    new Kind(size),
    { size, staticBandSize },
    {
      format: (offset) => formatAddress(base + offset),
      parse: (text) => (parseAddress(text) as number) - base,
    },
  );
}

function scannedPorts(first: number, last: number, Kind: BitmapClass): Pool {
  const { size, staticBandSize } = new PortRange(first, last);
  return scanned(
    new Kind(size),
    { size, staticBandSize },
    {
      format: (offset) => String(first + offset),
      parse: (text) => Number(text) - first,
    },
  );
}

interface Bands {
  readonly size: number;
  readonly staticBandSize: number;
}

interface Text {
  format(offset: number): string;
  parse(text: string): number;
}

/** From a random start in the dynamic band, with a wrap, then in the static band; and who has what. */
function scanned(bitmap: Bitmap, { size, staticBandSize }: Bands, { format, parse }: Text): Pool {
  const random = seededRandom(SEEDS.allocation);
  const owners = new Array<string | null>(size).fill(null);
  return {
    size,
    allocate(owner) {
      let offset = bitmap.pick(staticBandSize, size, random);
      if (offset < 0) offset = bitmap.pick(0, staticBandSize, random);
      if (offset < 0) return null;
      owners[offset] = owner;
      return format(offset);
    },
    release(text, owner) {
      const offset = parse(text);
      if (owners[offset] !== owner) return;
      owners[offset] = null;
      bitmap.clear(offset);
    },
  };
}
