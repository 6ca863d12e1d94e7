/** The native peers: what they are called, and what they are built of. */

/** A program of bench/peers/. */
export interface Peer {
  /** As reports call it. */
  readonly name: string;
  /** Its name as a file. */
  readonly program: string;
  /** Of bench/peers/. */
  readonly sources: readonly string[];
  /** `-D` options. */
  readonly defines: readonly string[];
  /** Packages that pkg-config knows. */
  readonly libraries: readonly string[];
}

const BASE = ['serve.c', 'words.c'];
const LOOKUP = ['lookup-lines.c', 'lookup-rules.c', 'lookup-job.c', ...BASE];
const FLOWS = ['flows-job.c', ...BASE];
const DPDK = 'libdpdk';

/** What the implementations in TypeScript are measured by: the same jobs in C, as fast as we can make it. */
export const OWN_C = 'C, tags and prefetch';
const DPDK_BULK = 'C, DPDK rte_hash bulk';

const IPV4 = ['ADDRESS_WORDS=1'];
const IPV6 = ['ADDRESS_WORDS=4'];

/** The peers of a stateless lookup, by family. */
export const LOOKUP_PEERS: Readonly<Record<'IPv4' | 'IPv6', readonly Peer[]>> = {
  IPv4: lookupPeers('lookup', IPV4),
  IPv6: lookupPeers('lookup6', IPV6),
};

/** The peers of a flow table. IPv4. */
export const FLOW_PEERS: readonly Peer[] = [
  { name: OWN_C, program: 'flows-own', sources: ['flows-own.c', ...FLOWS], defines: IPV4, libraries: [] },
  {
    name: DPDK_BULK,
    program: 'flows-dpdk',
    sources: ['flows-dpdk.c', 'dpdk.c', ...FLOWS],
    defines: IPV4,
    libraries: [DPDK],
  },
];

function lookupPeers(program: string, defines: readonly string[]): readonly Peer[] {
  const own = { name: OWN_C, program: `${program}-own`, sources: ['lookup-own.c', ...LOOKUP] };
  const dpdk = {
    name: DPDK_BULK,
    program: `${program}-dpdk`,
    sources: ['lookup-dpdk.c', 'dpdk.c', ...LOOKUP],
  };
  return [
    { ...own, defines, libraries: [] },
    { ...dpdk, defines, libraries: [DPDK] },
  ];
}
