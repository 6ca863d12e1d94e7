/** A table that is patched under readers in other threads, and what they saw. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import {
  type Action,
  buildSlots,
  changeBetween,
  emitTable,
  type Pool,
  type Ruleset,
  type ServicePort,
  TableWriter,
} from '@shunt/compiler';
import { Dataplane, type KernelChoice, ReaderStalledError } from '@shunt/dataplane';
import {
  address,
  cidr,
  PATCH_CHECKSUM,
  type Packet,
  packetWords,
  type TablePatch,
  tablePatchChecksum,
  verdictWords,
  writePacket,
} from '@shunt/model';
import { servicePortWith } from './small-ruleset.js';

/** Different rules, one after the other: the rules of generation n are those of state n % STATES. */
export const STATES = 60;
const READERS = 2;
/** So many there have to be, in so many milliseconds more than were asked for. */
export const LEAST_PATCHES = 100;
const PATIENCE = 30_000;

export interface StressOptions {
  /** How long to go on. */
  readonly milliseconds: number;
  /** How long readers stay in the middle of some lookups; 0: not at all. */
  readonly pauseMilliseconds: number;
  /** What is done to each patch before it is applied. */
  readonly spoil?: (patch: TablePatch) => TablePatch;
  /** Of the readers; default: WebAssembly. */
  readonly kernels?: KernelChoice;
  /** How often to look at a reader that does not move. */
  readonly spins?: number;
}

/** What readers have counted. */
export interface StressResult {
  readonly patches: number;
  readonly batches: number;
  /** Batches that fewer patches than there are states came into. */
  readonly checked: number;
  /** Verdicts that neither old nor new rules give. */
  readonly torn: number;
  /** A reader has lost its way, and did not come to the end of its batch. */
  readonly stalled: boolean;
}

/** Changes the rules under readers, as fast as it goes. */
export async function stress(options: StressOptions): Promise<StressResult> {
  const {
    milliseconds,
    pauseMilliseconds,
    spins,
    kernels = 'webassembly',
    spoil = (patch) => patch,
  } = options;
  const rules = Array.from({ length: STATES }, (_, state) => rulesOf(state));
  const changes = rules.map((before, state) => changeBetween(before, rules[(state + 1) % STATES] as Ruleset));
  const writer = TableWriter.create(rules[0] as Ruleset, { capacityWords: 1 << 16, tableId: 7 });
  const { image } = writer.table();
  const control = new Int32Array(new SharedArrayBuffer(64));
  const dataplane = Dataplane.load(image, { kernels, ...(spins === undefined ? {} : { spins }) });
  const families = [packets4, packets6].map((packets) => questions(rules, packets));
  const threads = Array.from({ length: READERS }, (_, reader) => {
    const workerData = {
      handle: dataplane.share(),
      kernels,
      controlBuffer: control.buffer,
      reader: reader + 1,
      states: STATES,
      families,
      pauseMilliseconds,
    };
    return new Worker(new URL('./stress-reader.mjs', import.meta.url), { workerData });
  });
  let patches = 0;
  let stalled = false;
  try {
    while (Atomics.load(control, 1) < READERS) await new Promise((resolve) => void setTimeout(resolve, 5));
    const end = performance.now() + milliseconds;
    // On a busy machine the writer waits long for readers that are not running.
    while (performance.now() < end || (patches < LEAST_PATCHES && performance.now() < end + PATIENCE)) {
      dataplane.apply(spoil(writer.update(changes[patches++ % STATES] as (typeof changes)[number])));
    }
  } catch (error) {
    if (!(error instanceof ReaderStalledError)) throw error;
    stalled = true;
  } finally {
    Atomics.store(control, 0, 1);
    await Promise.all(threads.map((thread) => (stalled ? thread.terminate() : once(thread, 'exit'))));
  }
  const [, , batches = 0, checked = 0, torn = 0] = control;
  return { patches, batches, checked, torn, stalled };
}

/** Packets of one family, and the verdict records that each state's rules give them. */
function questions(rules: readonly Ruleset[], packets: readonly Packet[]): object {
  const family = typeof packets[0]?.source === 'number' ? 'IPv4' : 'IPv6';
  const count = packets.length;
  const words = verdictWords(family);
  const records = new Uint32Array(count * packetWords(family));
  packets.forEach((packet, index) => void writePacket(records, index, packet));
  const expected = new Uint32Array(rules.length * count * words);
  rules.forEach((ruleset, state) => {
    const dataplane = Dataplane.load(emitTable(ruleset).image, { random: () => 0 });
    const verdicts = expected.subarray(state * count * words, (state + 1) * count * words);
    if (family === 'IPv4') dataplane.lookupBatch(records, verdicts, count);
    else dataplane.lookupBatch6(records, verdicts, count);
  });
  return { packets: records, expected, count, verdictWords: words };
}

const toCluster: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'never' };
const masqueraded: Action = { verdict: 'forward', pool: 'cluster', masquerade: 'always' };
const reject: Action = { verdict: 'reject' };

/** Backends are those of a row of 32 whose bit is set; all of them have a port of their own in each state. */
function poolOf(first: string, bits: number, port: number, strategy: Pool['strategy']): Pool {
  const base = address(first);
  const backends = Array.from({ length: 32 }, (_, i) => i)
    .filter((i) => ((bits >>> i) & 1) === 1)
    .map((i) => {
      const own = typeof base === 'number' ? base + i : base + BigInt(i);
      return { address: own, port, local: false, weight: 1 };
    });
  return { backends, slots: buildSlots(strategy, backends), strategy };
}

function service(
  name: string,
  vip: string,
  pool: Pool | null,
  action: Action,
  sourceRanges: readonly string[] | null = null,
): ServicePort {
  const family = vip.includes(':') ? 'IPv6' : 'IPv4';
  const actions = { pod: action, node: action, outside: action };
  const ranges = sourceRanges?.map(cidr) ?? null;
  const kind = ranges === null ? 'clusterIP' : 'loadBalancerIP';
  return servicePortWith({
    name,
    family,
    clusterPool: pool,
    frontends: [{ kind, address: address(vip), port: 80, sourceRanges: ranges, actions }],
  });
}

/** A number that has little to do with that of the next state. */
function mixed(state: number, salt: number): number {
  const product = Math.imul(state + 1, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca77);
  return (Math.imul(product ^ (product >>> 15), 0xc2b2ae3d) ^ (product >>> 13)) >>> 0;
}

/** The rules of a state. */
export function rulesOf(state: number): Ruleset {
  const nodePorts = { match: 'local', loopback: true, refuse: 'same' } as const;
  const even = (salt: number, first: string): Pool =>
    poolOf(first, mixed(state, salt) | 1, 1_000 + state, 'even');
  const isThere = state % 2 === 1;
  const turning = poolOf('10.3.0.0', 0xff | (0xf00 << (4 * (state % 5))), 80, 'maglev');
  const random = poolOf('10.4.0.0', mixed(state, 6) | 1, 2_000 + state, 'random');
  const servicePorts = [
    // Slots change where they are; ports too, so that a backend never comes back as it was.
    service('maglev', '10.96.0.1', poolOf('10.1.0.0', ~(1 << (state % 32)), 8080, 'maglev'), toCluster),
    service('even', '10.96.0.2', even(1, '10.2.0.0'), toCluster),
    // The action changes together with some of the backends.
    service('policy', '10.96.0.3', turning, state % 2 === 0 ? masqueraded : toCluster),
    service('random', '10.96.0.4', random, toCluster),
    service('refused', '10.96.0.5', null, state % 2 === 0 ? reject : { verdict: 'drop' }),
    service('ranges', '10.96.0.6', even(3, '10.5.0.0'), toCluster, [`192.0.2.${(state % 16) * 16}/28`]),
    service('even', 'fd00::2', even(4, 'fd01::'), toCluster),
    service('maglev', 'fd00::1', poolOf('fd02::', ~(3 << (state % 31)), 8080, 'maglev'), masqueraded),
    ...(isThere ? [service('guest', '10.96.0.7', even(5, '10.6.0.0'), toCluster)] : []),
  ];
  const clusterIPs = ['10.96.0.1', '10.96.0.2', '10.96.0.3', '10.96.0.4', '10.96.0.5', 'fd00::1', 'fd00::2'];
  return {
    mode: 'nftables',
    node: 'node-a',
    podCIDRs: [cidr('10.0.0.0/16')],
    localAddresses: [address('192.168.0.2')],
    nodePorts: { IPv4: nodePorts, IPv6: { ...nodePorts, loopback: false } },
    clusterIPs: [...clusterIPs, ...(isThere ? ['10.96.0.7'] : [])].map(address),
    serviceCIDRs: [cidr('10.96.0.0/16'), cidr('fd00::/112')],
    servicePorts,
  };
}

function packetsTo(sources: readonly string[], destinations: readonly string[]): Packet[] {
  // A packet that may be slow first: what is found for those behind it in its block is used later.
  return Array.from({ length: 256 }, (_, i) => ({
    protocol: 'TCP',
    source: address(sources[i % sources.length] as string),
    sourcePort: 1_000 + 7 * i,
    destination: address(destinations[i % destinations.length] as string),
    destinationPort: i % 11 === 10 ? 81 : 80,
  }));
}

export const packets4 = packetsTo(
  ['192.0.2.1', '192.0.2.77', '10.0.0.9', '192.0.2.130', '192.0.2.250'],
  ['10.96.0.4', '10.96.0.5', '10.96.0.6', '10.96.0.7', '10.96.0.3', '10.96.0.2', '10.96.0.1', '10.96.0.6'],
);
export const packets6 = packetsTo(['fd05::1', 'fd06::7'], ['fd00::1', 'fd00::2', 'fd00::3']);

/** The same patch with its checksum in order. */
export function sealed(patch: TablePatch): TablePatch {
  patch[PATCH_CHECKSUM] = tablePatchChecksum(patch);
  return patch;
}
