import { type CompiledTable, emitTable, type Ruleset, servicePortKey } from '@shunt/compiler';
import {
  Affinity,
  Conntrack,
  Counters,
  Dataplane,
  type FamilyRules,
  type LookupTable,
  StatefulPipeline,
  TableRules,
} from '@shunt/dataplane';
import {
  type Family,
  familyOf,
  flowVerdictWords,
  formatEndpoint,
  type Packet,
  packetWords,
  readFlowVerdict,
  setPacketHint,
  TCP_SYN,
  writePacket,
} from '@shunt/model';
import type { ReachedBackend } from './affinity-check.js';

const FLOWS = 1024;
const CLIENTS = 256;
const COUNTING = { servicePorts: 1, backends: 1 };
const SECONDS_BETWEEN_PACKETS = 1;
/** From RFC 5737 and RFC 3849: no case has them. */
const MASQUERADE: Readonly<Record<Family, readonly number[]>> = {
  IPv4: [0xc0000201],
  IPv6: [0x20010db8, 0, 0, 1],
};

/**
 * Follows ClientIP affinity through the stateful dataplane on a match table: each packet begins a flow from
 * another source port, a second behind the one before. Memory lasts when the table is another.
 */
export class TableAffinity {
  readonly #machines: Readonly<Record<Family, Machine>>;
  #packetsSeen = 0;

  constructor() {
    const numbers = new Map<string, number>();
    this.#machines = { IPv4: new Machine('IPv4', numbers), IPv6: new Machine('IPv6', numbers) };
  }

  /** Takes other rules into use. */
  load(ruleset: Ruleset): void {
    const compiled = emitTable(ruleset);
    this.#machines.IPv4.load(compiled);
    this.#machines.IPv6.load(compiled);
  }

  /** Sends a packet on its way. @returns `null` if it reaches no backend */
  reach(packet: Packet): ReachedBackend | null {
    this.#packetsSeen++;
    const sourcePort = 1024 + ((this.#packetsSeen * 7919) % 60_000);
    const now = this.#packetsSeen * SECONDS_BETWEEN_PACKETS;
    return this.#machines[familyOf(packet.source)].reach({ ...packet, sourcePort }, now);
  }
}

/** The dataplane of one family. */
class Machine {
  readonly #family: Family;
  readonly #affinity: Affinity;
  readonly #pipeline: StatefulPipeline;
  readonly #packet: Uint32Array;
  readonly #verdict: Uint32Array;
  #rules: CaseRules;

  constructor(family: Family, numbers: Map<string, number>) {
    const flows = { family, flows: FLOWS } as const;
    const clients = { family, entries: CLIENTS } as const;
    const counters = new Counters(new Uint32Array(Counters.regionWords(COUNTING)), 0, COUNTING);
    const words = new Uint32Array(Conntrack.regionWords(flows));
    this.#family = family;
    this.#affinity = new Affinity(new Uint32Array(Affinity.regionWords(clients)), 0, clients);
    this.#rules = new CaseRules(family, numbers);
    this.#pipeline = new StatefulPipeline({
      rules: this.#rules,
      conntrack: new Conntrack(words, 0, flows, counters),
      affinity: this.#affinity,
      masquerade: { addresses: Uint32Array.from(MASQUERADE[family]) },
    });
    this.#packet = new Uint32Array(packetWords(family));
    this.#verdict = new Uint32Array(flowVerdictWords(family));
  }

  load(compiled: CompiledTable): void {
    this.#rules.load(compiled);
  }

  reach(packet: Packet, now: number): ReachedBackend | null {
    writePacket(this.#packet, 0, packet);
    if (packet.protocol === 'TCP') setPacketHint(this.#packet, 0, this.#family, TCP_SYN);
    this.#pipeline.process(this.#packet, this.#verdict, 1, now);
    const { rewritten, frontendIndex } = readFlowVerdict(this.#verdict, 0, this.#family);
    if (rewritten === null) return null;
    return {
      backend: formatEndpoint(rewritten.destination, rewritten.destinationPort),
      servicePort: this.#rules.keyOf(frontendIndex),
      affinitySeconds: this.#rememberedSeconds(frontendIndex, now),
    };
  }

  /** How long the client is remembered, if nothing more comes of it: by trying the second before and that one. */
  #rememberedSeconds(frontend: number, now: number): number | null {
    const seconds = this.#rules.affinitySeconds(frontend);
    const servicePort = this.#rules.servicePort(frontend);
    const isKnownAfter = (time: number): boolean =>
      this.#affinity.find(servicePort, this.#packet, 0, seconds, now + time) !== 0;
    return seconds > 0 && isKnownAfter(seconds - 1) && !isKnownAfter(seconds) ? seconds : null;
  }
}

/** A table that is replaced, whose service ports keep their numbers by their keys. */
class CaseRules implements FamilyRules {
  readonly #numbers: Map<string, number>;
  readonly #rules: TableRules;
  #compiled: CompiledTable | null = null;
  #dataplane: Dataplane | null = null;

  constructor(family: Family, numbers: Map<string, number>) {
    this.#numbers = numbers;
    const dataplane = (): Dataplane => this.#loaded(this.#dataplane);
    const image = (): Uint32Array => this.#loaded(this.#compiled).image;
    const table: LookupTable = {
      get image() {
        return image();
      },
      lookupBatch: (packets, verdicts, count) => dataplane().lookupBatch(packets, verdicts, count),
      lookupBatch6: (packets, verdicts, count) => dataplane().lookupBatch6(packets, verdicts, count),
    };
    this.#rules = new TableRules(table, family);
  }

  load(compiled: CompiledTable): void {
    this.#compiled = compiled;
    this.#dataplane = Dataplane.load(compiled.image);
  }

  /** The key of a frontend's service port. */
  keyOf(frontend: number): string {
    const name = this.#loaded(this.#compiled).directory.frontends.get(frontend);
    return name === undefined ? '' : servicePortKey(name.servicePort);
  }

  lookup(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    this.#rules.lookup(packets, verdicts, count);
  }

  servicePort(frontend: number): number {
    const key = this.keyOf(frontend);
    const number = this.#numbers.get(key) ?? this.#numbers.size + 1;
    this.#numbers.set(key, number);
    return number;
  }

  affinitySeconds(frontend: number): number {
    return this.#rules.affinitySeconds(frontend);
  }

  redirect(...parameters: Parameters<FamilyRules['redirect']>): boolean {
    return this.#rules.redirect(...parameters);
  }

  #loaded<Part>(part: Part | null): Part {
    if (part === null) throw new RangeError('"load" expected to have been called');
    return part;
  }
}
