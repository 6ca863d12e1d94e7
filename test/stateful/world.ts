/** The plain model beside two real ones, over rules that change. */
import {
  Affinity,
  Conntrack,
  Counters,
  DEFAULT_FLOW_TIMEOUTS,
  type FlowRecord,
  KernelMemory,
  StatefulPipeline,
} from '@shunt/dataplane';
import {
  type Address,
  address,
  DECIDED_BY,
  type Family,
  flowVerdictWords,
  ipv6Words,
  packetWords,
  readFlowVerdict,
  type ServiceProtocol,
  setPacketHint,
  VERDICTS,
  writePacket,
} from '@shunt/model';
import { expect } from 'vitest';
import { expectSame } from './expect-same.js';
import { type HintedPacket, keyOf, PlainFlows, recordOf, TIMEOUTS } from './plain-flows.js';
import { type Backend, type Frontend, SmallRules } from './small-rules.js';

export interface Setting {
  readonly family: Family;
  readonly capacity: number;
  readonly ports: { readonly first: number; readonly last: number };
  /** The clock's first reading: times wrap at 2^27 and 2^32. */
  readonly start: number;
}

function addressIn(family: Family, net: number, host: number): Address {
  return family === 'IPv4' ? address(`10.${net}.0.${host}`) : address(`2001:db8:${net}::${host}`);
}

function smallRules(family: Family): SmallRules {
  const backends = [1, 2, 3].map((host): Backend => {
    return { index: host, address: addressIn(family, 1, host), port: 8080 };
  });
  const [one, two, three] = backends as [Backend, Backend, Backend];
  const frontend = (
    index: number,
    host: number,
    port: number,
    protocol: ServiceProtocol,
    servicePort: number,
  ): Frontend => ({ index, address: addressIn(family, 96, host), port, protocol, servicePort });
  return new SmallRules(
    family,
    [
      frontend(1, 1, 80, 'TCP', 1),
      frontend(2, 2, 53, 'UDP', 2),
      frontend(3, 3, 80, 'TCP', 3),
      frontend(4, 4, 90, 'TCP', 3),
      frontend(5, 1, 80, 'SCTP', 4),
    ],
    [
      { number: 1, affinitySeconds: 0, backends: [one, two] },
      { number: 2, affinitySeconds: 20, backends: [one, two] },
      { number: 3, affinitySeconds: 15, backends: [one, two, three] },
      { number: 4, affinitySeconds: 0, backends: [one] },
    ],
    [addressIn(family, 3, 1), addressIn(family, 3, 2)],
  );
}

/** Two pods, two clients from outside, and a backend. */
export function clients(family: Family): Address[] {
  return [
    addressIn(family, 2, 1),
    addressIn(family, 2, 2),
    addressIn(family, 3, 1),
    addressIn(family, 3, 2),
    addressIn(family, 1, 1),
  ];
}

/** Where a machine lives: in plain memory, or where kernels reach it. */
export type Loops = 'TypeScript' | 'WebAssembly';

// Far more than a batch has.
const ROOM_PACKETS = 256;
const MEMORY_WORDS = 2 ** 22;
let shared: KernelMemory | null = null;

/** Engines reserve gigabytes of addresses for each memory: many machines share one. */
function memoryFor(loops: Loops, words: number): KernelMemory {
  if (loops === 'TypeScript') return new KernelMemory(words, { webAssembly: false });
  if (shared === null || shared.wordsLeft < words) shared = new KernelMemory(MEMORY_WORDS);
  expect(shared.kernels).not.toBeNull();
  return shared;
}

interface Parts {
  /** Of flows and of clients. */
  readonly regions: readonly Uint32Array[];
  readonly conntrack: Conntrack;
  readonly affinity: Affinity;
  readonly pipeline: StatefulPipeline;
  readonly packets: Uint32Array;
  readonly verdicts: Uint32Array;
}

const NOTHING = { flows: 0, packets: 0, replies: 0, refused: 0 };
// One for each backend of each service port.
const COUNTING = { servicePorts: 5, backends: 8 };

/** A stateful dataplane of one family. */
class Machine {
  readonly counters = new Counters(new Uint32Array(Counters.regionWords(COUNTING)), 0, COUNTING);
  readonly #loops: Loops;
  readonly #rules: SmallRules;
  readonly #setting: Setting;
  readonly #nodes: Uint32Array;
  #parts: Parts;

  constructor(loops: Loops, rules: SmallRules, setting: Setting, nodes: readonly Address[]) {
    this.#loops = loops;
    this.#rules = rules;
    this.#setting = setting;
    this.#nodes = Uint32Array.from(nodes.flatMap((node) => wordsOf(node)));
    this.#parts = this.#start(null);
  }

  get conntrack(): Conntrack {
    return this.#parts.conntrack;
  }

  get affinity(): Affinity {
    return this.#parts.affinity;
  }

  get pipeline(): StatefulPipeline {
    return this.#parts.pipeline;
  }

  /** Goes on elsewhere with copies of what it remembers. */
  restart(): void {
    this.#parts = this.#start(this.#parts.regions.map((region) => region.slice()));
  }

  #start(kept: readonly Uint32Array[] | null): Parts {
    const { family, capacity, ports } = this.#setting;
    const timeouts = { ...DEFAULT_FLOW_TIMEOUTS, 'tcp established': TIMEOUTS['TCP established'] as number };
    const flows = { family, flows: capacity, sourcePorts: ports, timeouts, seed: 7 };
    const clients = { family, entries: 32 };
    const sizes = [
      Conntrack.regionWords(flows),
      Affinity.regionWords(clients),
      StatefulPipeline.memoryWords(family),
      ROOM_PACKETS * packetWords(family),
      ROOM_PACKETS * flowVerdictWords(family),
    ];
    const room = sizes.reduce((sum, size) => sum + KernelMemory.roomFor(size), 0);
    const memory = memoryFor(this.#loops, room);
    const { words } = memory;
    const regions = sizes.slice(0, 2).map((size) => memory.array(size));
    kept?.forEach((region, index) => void regions[index]?.set(region));
    const [flowsAt = 0, clientsAt = 0] = regions.map(({ byteOffset }) => byteOffset / 4);
    const isKept = kept !== null;
    const conntrack = new Conntrack(words, flowsAt, flows, this.counters, isKept);
    const affinity = new Affinity(words, clientsAt, clients, isKept);
    const masquerade = {
      addresses: this.#nodes,
      choose: (verdicts: Uint32Array, verdict: number) => (verdicts[verdict + 2] as number) % 2,
    };
    const pipeline = new StatefulPipeline({ rules: this.#rules, memory, conntrack, affinity, masquerade });
    const packets = memory.array(ROOM_PACKETS * packetWords(family));
    const verdicts = memory.array(ROOM_PACKETS * flowVerdictWords(family));
    return { regions, conntrack, affinity, pipeline, packets, verdicts };
  }

  /** @param inPlace - the records are where the machine's own memory has room for them */
  process(packets: readonly HintedPacket[], family: Family, now: number, inPlace: boolean): Uint32Array {
    const length = packets.length * flowVerdictWords(family);
    const records = inPlace ? this.#parts.packets : new Uint32Array(packets.length * packetWords(family));
    packets.forEach((packet, index) => {
      writePacket(records, index, packet);
      setPacketHint(records, index, family, packet.hint);
    });
    const verdicts = inPlace ? this.#parts.verdicts : new Uint32Array(length);
    this.pipeline.process(records, verdicts, packets.length, now >>> 0);
    return verdicts.slice(0, length);
  }
}

/** One of the real ones is given packets singly, the others in batches. */
export class World {
  readonly rules: SmallRules;
  readonly plain: PlainFlows;
  readonly single: Machine;
  readonly batched: readonly Machine[];
  readonly machines: readonly Machine[];
  now: number;
  readonly setting: Setting;

  constructor(setting: Setting) {
    const { family, capacity, ports } = setting;
    const nodeAddresses = [addressIn(family, 9, 1), addressIn(family, 9, 2)];
    this.setting = setting;
    this.now = setting.start;
    this.rules = smallRules(family);
    const make = (loops: Loops): Machine => new Machine(loops, this.rules, setting, nodeAddresses);
    this.single = make('TypeScript');
    this.batched = [make('TypeScript'), make('WebAssembly')];
    this.machines = [this.single, ...this.batched];
    this.plain = new PlainFlows(this.rules, {
      capacity,
      ports,
      nodeAddresses,
      chooseNode: ({ backend }) => (backend?.index ?? 0) % 2,
    });
  }

  process(packets: readonly HintedPacket[]): void {
    const { family } = this.setting;
    const singly: number[] = [];
    for (const packet of packets) {
      const verdicts = this.single.process([packet], family, this.now, false);
      singly.push(...verdicts);
      const actual = readFlowVerdict(verdicts, 0, family);
      this.plain.process(packet, this.now, actual, () => this.#keys());
    }
    // Both ways, and always the same for the same packets.
    const inPlace = packets.length % 2 === 0;
    for (const machine of this.batched) {
      expectSame([...machine.process(packets, family, this.now, inPlace)], singly);
    }
  }

  checkFlows(): void {
    this.plain.tick(this.now);
    const want = [...this.plain.flows.values()].map((flow) => recordOf(flow, this.now));
    for (const { conntrack } of this.machines) {
      const flows = [...conntrack.flows(this.now >>> 0)];
      expectSame(sorted(flows), sorted(want));
      // No two flows come from one address and port to one backend: their replies would be alike.
      const sent = new Set(flows.map(({ protocol, rewritten }) => keyOf({ protocol, ...rewritten })));
      expectSame(sent.size, flows.length);
      if (conntrack.statistics.flows > this.setting.capacity) expect.fail('there are too many flows');
    }
  }

  checkCounters(): void {
    const { counts } = this.plain;
    for (const { pipeline, counters } of this.machines) {
      pipeline.collect();
      for (const number of this.rules.servicePorts.keys()) {
        const refused = counts.get(`refused ${number}`) ?? 0;
        expectSame(counters.servicePort(number), { ...this.#counted((port) => port === number), refused });
      }
      for (const { number, backends } of this.rules.servicePorts.values()) {
        for (const { index, address: at, port } of backends) {
          const want = {
            ...this.#counted((own, backend) => own === number && backend === index),
            refused: 0,
          };
          expectSame(counters.backend(number, at, port) ?? NOTHING, want);
        }
      }
      // What is left of service ports that are gone is of no backend; all others have room.
      expectSame(counters.otherBackends, { ...this.#counted((own) => own === 0), refused: 0 });
      const outcomes = VERDICTS.flatMap((_, verdict) => {
        return DECIDED_BY.map((_, reason) => counters.outcomes(verdict, reason));
      });
      const want = VERDICTS.flatMap((verdict) => DECIDED_BY.map((by) => counts.get(`${verdict} ${by}`) ?? 0));
      expectSame(outcomes, want);
    }
  }

  #counted(matches: (servicePort: number, backend: number) => boolean): object {
    const sums = { flows: 0, packets: 0, replies: 0 };
    for (const [name, count] of this.plain.counts) {
      const [what = '', servicePort, backend] = name.split(' ');
      if (what in sums && matches(Number(servicePort), Number(backend))) sums[what as 'flows'] += count;
    }
    return sums;
  }

  #keys(): Set<string> {
    return new Set([...this.single.conntrack.flows(this.now >>> 0)].map((flow) => keyOf(flow)));
  }
}

function wordsOf(one: Address): number[] {
  return typeof one === 'number' ? [one] : ipv6Words(one);
}

/** In one order, whatever the order was. */
function sorted(flows: readonly FlowRecord[]): FlowRecord[] {
  return flows.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
