/**
 * What a stateful dataplane does, written to be plain: objects in a `Map`, a search through all of them
 * where that is shorter. The real one is held to its answers, except where several are right: which port a
 * flow gets whose own is taken, and who goes of those that have been idle equally long. There this model
 * takes over what the real one did, after checking that it may.
 */
import type { FlowRecord } from '@shunt/dataplane';
import type { Address, FlowVerdictRecord, Packet, RewrittenPacket, ServiceProtocol } from '@shunt/model';
import { expect } from 'vitest';
import { expectSame } from './expect-same.js';
import type { Answer, PlainRules } from './small-rules.js';

export interface HintedPacket extends Packet {
  readonly protocol: Packet['protocol'];
  readonly sourcePort: number;
  /** TCP flags or SCTP chunk type. */
  readonly hint: number;
}

type Stage = 'new' | 'answered' | 'established' | 'closing';

export interface PlainFlow {
  readonly protocol: ServiceProtocol;
  readonly key: string;
  readonly replyKey: string;
  readonly original: RewrittenPacket;
  readonly rewritten: RewrittenPacket;
  readonly answer: Answer;
  servicePort: number;
  stage: Stage;
  lastSeen: number;
  draining: boolean;
}

interface Remembered {
  readonly address: Address;
  readonly port: number;
  readonly seen: number;
}

export interface PlainOptions {
  readonly capacity: number;
  readonly ports: { readonly first: number; readonly last: number };
  readonly nodeAddresses: readonly Address[];
  readonly chooseNode: (answer: Answer) => number;
}

/** Seconds that a flow lives without a packet. */
export const TIMEOUTS: Readonly<Record<string, number>> = {
  'TCP new': 120,
  'TCP answered': 60,
  'TCP established': 500,
  'TCP closing': 120,
  'UDP new': 30,
  'UDP established': 120,
  'SCTP new': 3,
  'SCTP answered': 3,
  'SCTP established': 210,
  'SCTP closing': 3,
};

const STATE_NAMES: Readonly<Record<string, string>> = {
  'TCP new': 'tcp syn',
  'UDP new': 'udp unreplied',
  'UDP established': 'udp stream',
  'SCTP new': 'sctp init',
};

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const SCTP_ENDS = [6, 7, 8, 14];

export class PlainFlows {
  readonly flows = new Map<string, PlainFlow>();
  readonly affinity = new Map<string, Remembered>();
  /** By `VERDICT REASON`, `refused NUMBER`, or `WHAT NUMBER BACKEND ADDRESS PORT`. */
  readonly counts = new Map<string, number>();
  readonly #rules: PlainRules;
  readonly #options: PlainOptions;

  constructor(rules: PlainRules, options: PlainOptions) {
    this.#rules = rules;
    this.#options = options;
  }

  /** Ends what nobody has used for too long. */
  tick(now: number): void {
    for (const flow of this.flows.values()) {
      if (now - flow.lastSeen >= timeoutOf(flow)) this.flows.delete(flow.key);
    }
  }

  /**
   * Forgets a service port and what was counted for its backends: what is left of it counts for number 0.
   * @param heir - the number that has its counts from now on, or `gone`
   */
  forget(servicePort: number, heir: 'gone' | '0' = 'gone'): void {
    for (const flow of this.flows.values()) if (flow.servicePort === servicePort) flow.servicePort = 0;
    for (const key of this.affinity.keys()) if (key.startsWith(`${servicePort} `)) this.affinity.delete(key);
    for (const [name, count] of this.counts) {
      const [what, number] = name.split(' ');
      if (number !== `${servicePort}`) continue;
      this.counts.delete(name);
      const other = `${what} ${heir} gone`;
      this.counts.set(other, (this.counts.get(other) ?? 0) + count);
    }
  }

  /**
   * Answers one packet, and checks what the real one answered.
   * @param left - the keys of the flows that the real one has behind it
   */
  process(packet: HintedPacket, now: number, actual: FlowVerdictRecord, left: () => Set<string>): void {
    this.tick(now);
    const original = this.flows.get(keyOf(packet));
    const replied = [...this.flows.values()].find(({ replyKey }) => replyKey === keyOf(packet));
    const flow = original ?? replied;
    const isReply = original === undefined;
    if (flow !== undefined && (isReply || !reopens(flow, packet.hint))) {
      flow.stage = stageBehind(flow, isReply, packet.hint);
      flow.lastSeen = now;
      this.#count(`${isReply ? 'replies' : 'packets'} ${flow.servicePort} ${backendOf(flow)}`);
      expectSame(actual, flowVerdict(flow, isReply, true));
      return;
    }
    if (flow !== undefined) this.flows.delete(flow.key);
    this.#processNew(packet, now, actual, left);
  }

  #processNew(packet: HintedPacket, now: number, actual: FlowVerdictRecord, left: () => Set<string>): void {
    const answer = this.#rules.answer(packet);
    if (answer.verdict !== 'dnat') {
      this.#leave(answer, answer.verdict, answer.decidedBy, actual);
      return;
    }
    const servicePort = this.#rules.servicePort(answer.frontend);
    if (!mayBegin(packet)) {
      this.#leave(answer, 'drop', 'no-flow', actual);
      return;
    }
    const kept = this.#keptBackend(packet, answer, servicePort, now);
    const source = this.#source(packet, kept, actual);
    if (source === null) {
      this.#leave(kept, 'drop', 'masquerade', actual);
      return;
    }
    if (this.flows.size >= this.#options.capacity && !this.#makeRoom(now, left())) {
      this.#leave(kept, 'drop', 'flows-full', actual);
      return;
    }
    const flow = this.#begin(packet, kept, servicePort, source, now);
    expectSame(actual, flowVerdict(flow, false, false));
    if (this.#rules.affinitySeconds(answer.frontend) > 0 && kept.backend !== null) {
      const { address, port } = kept.backend;
      this.affinity.set(`${servicePort} ${packet.source}`, { address, port, seen: now });
    }
  }

  /** The backend that the client had, as long as its time is not over and the rules let it. */
  #keptBackend(packet: HintedPacket, answer: Answer, servicePort: number, now: number): Answer {
    const key = `${servicePort} ${packet.source}`;
    const remembered = this.affinity.get(key);
    const seconds = this.#rules.affinitySeconds(answer.frontend);
    if (remembered === undefined || now - remembered.seen >= seconds) return answer;
    const kept = this.#rules.answerAt(packet, answer, remembered);
    if (kept === null) this.affinity.delete(key);
    return kept ?? answer;
  }

  /** Where the backend sends replies to; `null` if no port is left that tells them apart. */
  #source(packet: HintedPacket, answer: Answer, actual: FlowVerdictRecord): [Address, number] | null {
    const { backend, masquerade } = answer;
    if (backend === null) throw new Error('a dnat has a backend');
    const node = this.#options.nodeAddresses[this.#options.chooseNode(answer)];
    const address = masquerade ? (node as Address) : packet.source;
    const isTaken = (port: number): boolean => {
      const reply = { protocol: packet.protocol, source: backend.address, sourcePort: backend.port };
      const key = keyOf({ ...reply, destination: address, destinationPort: port });
      return (
        key === keyOf(packet) ||
        [...this.flows.values()].some((flow) => flow.replyKey === key || flow.key === key)
      );
    };
    if (!isTaken(packet.sourcePort)) return [address, packet.sourcePort];
    const { first, last } = this.#options.ports;
    // Which of the free ports it is, the real one says; a drop for want of room says nothing.
    let port = actual.rewritten?.sourcePort ?? first;
    if (actual.rewritten === null) while (port <= last && isTaken(port)) port++;
    if (actual.rewritten === null && port > last) return null;
    if (port < first || port > last || isTaken(port)) expect.fail(`port ${port} is not free`);
    return [address, port];
  }

  /** Lets the one go that has been idle longest without an answer; else, of the closing ones. */
  #makeRoom(now: number, left: Set<string>): boolean {
    const flows = [...this.flows.values()];
    const unassured = flows.filter(({ stage }) => stage === 'new' || stage === 'answered');
    const closing = flows.filter(({ stage }) => stage === 'closing');
    const candidates = unassured.length > 0 ? unassured : closing;
    if (candidates.length === 0) return false;
    const idle = Math.max(...candidates.map(({ lastSeen }) => now - lastSeen));
    const gone = flows.filter(({ key }) => !left.has(key));
    expectSame(gone.length, 1);
    const victim = gone[0] as PlainFlow;
    if (!candidates.includes(victim)) expect.fail(`${victim.key} should not have gone`);
    expectSame(now - victim.lastSeen, idle);
    this.flows.delete(victim.key);
    return true;
  }

  #begin(
    packet: HintedPacket,
    answer: Answer,
    servicePort: number,
    [source, sourcePort]: [Address, number],
    now: number,
  ): PlainFlow {
    const backend = answer.backend;
    if (backend === null) throw new Error('a dnat has a backend');
    const { protocol } = packet;
    const rewritten = { source, sourcePort, destination: backend.address, destinationPort: backend.port };
    const replyKey = keyOf({
      protocol,
      source: backend.address,
      sourcePort: backend.port,
      destination: source,
      destinationPort: sourcePort,
    });
    const flow: PlainFlow = {
      protocol: protocol as ServiceProtocol,
      key: keyOf(packet),
      replyKey,
      original: {
        source: packet.source,
        sourcePort: packet.sourcePort,
        destination: packet.destination,
        destinationPort: packet.destinationPort,
      },
      rewritten,
      answer,
      servicePort,
      stage: 'new',
      lastSeen: now,
      draining: false,
    };
    // Flows that are rewritten alike share what a plan has said of them.
    for (const other of this.flows.values()) if (sharesRewrite(other, flow)) other.draining = false;
    this.flows.set(flow.key, flow);
    this.#count(`flows ${servicePort} ${backendOf(flow)}`);
    this.#count(`packets ${servicePort} ${backendOf(flow)}`);
    return flow;
  }

  #leave(
    { frontend, origin }: Answer,
    verdict: Answer['verdict'],
    decidedBy: FlowVerdictRecord['decidedBy'],
    actual: FlowVerdictRecord,
  ): void {
    this.#count(`${verdict} ${decidedBy}`);
    const isRefused = frontend !== 0 && (verdict === 'reject' || verdict === 'drop');
    if (isRefused) this.#count(`refused ${this.#rules.servicePort(frontend)}`);
    expectSame(actual, {
      verdict,
      decidedBy,
      origin,
      masquerade: false,
      established: false,
      reply: false,
      frontendIndex: frontend,
      backendIndex: 0,
      rewritten: null,
    });
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}

/** By number, address and port. */
function backendOf({ answer: { backend } }: PlainFlow): string {
  return `${backend?.index} ${backend?.address} ${backend?.port}`;
}

/** A flow as the real one lists it. */
export function recordOf(flow: PlainFlow, now: number): FlowRecord {
  const name = `${flow.protocol} ${flow.stage}`;
  return {
    protocol: flow.protocol,
    state: (STATE_NAMES[name] ?? name.toLowerCase()) as FlowRecord['state'],
    ...flow.original,
    rewritten: flow.rewritten,
    servicePort: flow.servicePort,
    frontendIndex: flow.answer.frontend,
    backendIndex: flow.answer.backend?.index ?? 0,
    idleSeconds: now - flow.lastSeen,
    draining: flow.draining,
  };
}

type Key = Pick<Packet, 'protocol' | 'source' | 'destination' | 'destinationPort'> & {
  readonly sourcePort?: number;
};

export function keyOf({ protocol, source, sourcePort, destination, destinationPort }: Key): string {
  return `${protocol} ${source} ${sourcePort} ${destination} ${destinationPort}`;
}

/** Masqueraded flows are alike only if they have one client; and if the port changes, one port, too. */
export function sharesRewrite(a: PlainFlow, b: PlainFlow): boolean {
  const rewriteOf = ({ protocol, original, rewritten, answer, servicePort }: PlainFlow): string => {
    const isNewPort = original.sourcePort !== rewritten.sourcePort;
    const ports = isNewPort ? [original.sourcePort, rewritten.sourcePort] : [];
    const client = isNewPort || answer.masquerade ? [original.source, rewritten.source] : [];
    const { destination, destinationPort } = original;
    const { frontend, backend, origin, masquerade } = answer;
    const vip = [protocol, servicePort, destination, destinationPort, frontend, origin, masquerade];
    return [
      ...vip,
      backend?.index,
      rewritten.destination,
      rewritten.destinationPort,
      ...client,
      ...ports,
    ].join(' ');
  };
  return rewriteOf(a) === rewriteOf(b);
}

function flowVerdict(flow: PlainFlow, isReply: boolean, established: boolean): FlowVerdictRecord {
  const { original, rewritten } = flow;
  const back = {
    source: original.destination,
    sourcePort: original.destinationPort,
    destination: original.source,
    destinationPort: original.sourcePort,
  };
  return {
    verdict: 'dnat',
    decidedBy: 'frontend',
    origin: flow.answer.origin,
    masquerade: flow.answer.masquerade,
    established,
    reply: isReply,
    frontendIndex: flow.answer.frontend,
    backendIndex: flow.answer.backend?.index ?? 0,
    rewritten: isReply ? back : rewritten,
  };
}

function timeoutOf({ protocol, stage }: PlainFlow): number {
  return TIMEOUTS[`${protocol} ${stage}`] as number;
}

function mayBegin({ protocol, hint, source }: HintedPacket): boolean {
  // Nobody can answer it.
  if (source === 0 || source === 0n) return false;
  if (protocol === 'TCP') return (hint & (FIN | RST)) === 0 && !((hint & SYN) !== 0 && (hint & ACK) !== 0);
  if (protocol === 'SCTP') return ![...SCTP_ENDS, 2, 11].includes(hint);
  return true;
}

function reopens({ protocol, stage }: PlainFlow, hint: number): boolean {
  if (stage !== 'closing') return false;
  return protocol === 'TCP' ? (hint & (SYN | ACK | FIN | RST)) === SYN : hint === 1;
}

function stageBehind({ protocol, stage }: PlainFlow, isReply: boolean, hint: number): Stage {
  if (protocol === 'UDP') return isReply ? 'established' : stage;
  const ends = protocol === 'TCP' ? (hint & (FIN | RST)) !== 0 : SCTP_ENDS.includes(hint);
  if (ends || stage === 'closing') return 'closing';
  if (stage === 'new') return isReply ? 'answered' : 'new';
  const begins = protocol === 'TCP' ? (hint & SYN) !== 0 : hint === 1;
  return stage === 'answered' && !isReply && !begins ? 'established' : stage;
}
