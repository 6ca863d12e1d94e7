/** Rules small enough to be read: what the packets of the stateful tests are answered by. */

import type { FamilyRules } from '@shunt/dataplane';
import {
  type Address,
  type DECIDED_BY,
  type Family,
  flowHash,
  type Origin,
  OUTCOME_MASQUERADE,
  OUTCOME_PORT_SHIFT,
  type Packet,
  readPacket,
  type ServiceProtocol,
  VERDICTS,
  type Verdict,
  verdictWords,
} from '@shunt/model';

export interface BackendPlace {
  readonly address: Address;
  readonly port: number;
}

export interface Backend extends BackendPlace {
  readonly index: number;
}

export interface Frontend {
  readonly index: number;
  readonly address: Address;
  readonly port: number;
  readonly protocol: ServiceProtocol;
  readonly servicePort: number;
}

export interface ServicePort {
  readonly number: number;
  readonly affinitySeconds: number;
  readonly backends: readonly Backend[];
}

/** What the rules say of a packet. */
export interface Answer {
  readonly verdict: Verdict;
  readonly origin: Origin;
  readonly decidedBy: (typeof DECIDED_BY)[number];
  readonly frontend: number;
  readonly backend: Backend | null;
  readonly masquerade: boolean;
}

const BY_FRONTEND = 1 << 8;
const NO_ANSWER = {
  verdict: 'none',
  origin: 'pod',
  decidedBy: 'nothing',
  frontend: 0,
  backend: null,
  masquerade: false,
} as const satisfies Answer;

/** What the plain model asks of its rules. Frontends and service ports are numbers, 0 for none. */
export interface PlainRules {
  answer(packet: Packet): Answer;
  /** The answer when the backend at a place is picked, or `null` if no pick of the packet leads there. */
  answerAt(packet: Packet, answer: Answer, place: BackendPlace): Answer | null;
  servicePort(frontend: number): number;
  affinitySeconds(frontend: number): number;
}

/** Which backends a service port may pick changes; everything else stays. */
export class SmallRules implements FamilyRules, PlainRules {
  readonly family: Family;
  readonly frontends: readonly Frontend[];
  readonly servicePorts: ReadonlyMap<number, ServicePort>;
  readonly removed = new Set<string>();
  readonly #outside: ReadonlySet<Address>;

  constructor(
    family: Family,
    frontends: readonly Frontend[],
    servicePorts: readonly ServicePort[],
    outside: readonly Address[],
  ) {
    this.family = family;
    this.frontends = frontends;
    this.servicePorts = new Map(servicePorts.map((port) => [port.number, port]));
    this.#outside = new Set(outside);
  }

  /** The backends that a service port may pick now; none of one that is gone. */
  eligible(servicePort: number): readonly Backend[] {
    const backends = this.servicePorts.get(servicePort)?.backends ?? [];
    return backends.filter((backend) => !this.removed.has(backendKey(servicePort, backend)));
  }

  answer(packet: Packet): Answer {
    const frontend = this.frontends.find((one) => {
      const { address, port, protocol } = one;
      return (
        address === packet.destination && port === packet.destinationPort && protocol === packet.protocol
      );
    });
    if (frontend === undefined) return NO_ANSWER;
    const backends = this.eligible(frontend.servicePort);
    const { index } = frontend;
    if (backends.length === 0)
      return { ...NO_ANSWER, verdict: 'reject', decidedBy: 'frontend', frontend: index };
    const hash = flowHash(packet.source, packet.sourcePort ?? 0, 0);
    return this.answerWith(packet, index, backends[hash % backends.length] as Backend);
  }

  answerAt(packet: Packet, { frontend }: Answer, place: BackendPlace): Answer | null {
    const backend = this.eligible(this.servicePort(frontend)).find(({ address, port }) => {
      return address === place.address && port === place.port;
    });
    return backend === undefined ? null : this.answerWith(packet, frontend, backend);
  }

  /** The answer when a certain backend is picked. */
  answerWith(packet: Packet, frontend: number, backend: Backend): Answer {
    const masquerade = this.#outside.has(packet.source) || packet.source === backend.address;
    return { ...NO_ANSWER, verdict: 'dnat', decidedBy: 'frontend', frontend, backend, masquerade };
  }

  lookup(packets: Uint32Array, verdicts: Uint32Array, count: number): void {
    for (let index = 0; index < count; index++) {
      const packet = readPacket(packets, index, this.family);
      this.#write(
        verdicts,
        index * verdictWords(this.family),
        packet === null ? NO_ANSWER : this.answer(packet),
      );
    }
  }

  servicePort(frontend: number): number {
    return this.frontends.find(({ index }) => index === frontend)?.servicePort ?? 0;
  }

  affinitySeconds(frontend: number): number {
    return this.servicePorts.get(this.servicePort(frontend))?.affinitySeconds ?? 0;
  }

  redirect(
    packets: Uint32Array,
    packet: number,
    verdicts: Uint32Array,
    verdict: number,
    _index: number,
    words: Uint32Array,
    address: number,
    port: number,
  ): boolean {
    const packetWords = this.family === 'IPv4' ? 4 : 12;
    const read = readPacket(packets.subarray(packet, packet + packetWords), 0, this.family) as Packet;
    const frontend = verdicts[verdict + 3] as number;
    const wanted = this.#address(words, address);
    const backend = this.eligible(this.servicePort(frontend)).find((one) => {
      return one.address === wanted && one.port === port;
    });
    if (backend === undefined) return false;
    this.#write(verdicts, verdict, this.answerWith(read, frontend, backend));
    return true;
  }

  #write(verdicts: Uint32Array, at: number, answer: Answer): void {
    const { verdict, frontend, backend, masquerade } = answer;
    verdicts.fill(0, at, at + verdictWords(this.family));
    const decidedBy = frontend === 0 ? 0 : BY_FRONTEND;
    const port = (backend?.port ?? 0) << OUTCOME_PORT_SHIFT;
    verdicts[at] = VERDICTS.indexOf(verdict) | decidedBy | (masquerade ? OUTCOME_MASQUERADE : 0) | port;
    verdicts[at + 3] = frontend;
    if (backend === null) return;
    verdicts[at + 2] = backend.index;
    if (typeof backend.address === 'number') verdicts[at + 1] = backend.address;
    else for (let word = 0; word < 4; word++) verdicts[at + 4 + word] = wordOf(backend.address, word);
  }

  #address(words: Uint32Array, at: number): Address {
    if (this.family === 'IPv4') return words[at] as number;
    let address = 0n;
    for (let word = 0; word < 4; word++) address = (address << 32n) | BigInt(words[at + word] as number);
    return address;
  }
}

export function backendKey(servicePort: number, { index }: Backend): string {
  return `${servicePort} ${index}`;
}

function wordOf(address: bigint, word: number): number {
  return Number((address >> BigInt(96 - 32 * word)) & 0xffffffffn);
}
