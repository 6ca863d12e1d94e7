/**
 * Flows that are there: IPv4, TCP, behind their handshake, from clients to frontends of ten backends each.
 * Seven clients in ten are pods, the others are masqueraded. Packets are replayed in another order than
 * flows began in, as nobody's packets come in the order of their connections.
 */
import { PACKET4_WORDS, TCP_ACK, VERDICT4_WORDS } from '@shunt/model';
import { below, type Random, shuffle } from '../workload/random.js';

export interface FlowWorkload {
  readonly count: number;
  readonly frontends: number;
  readonly backendsPerFrontend: number;
  /** A client's packet of each flow, with a hint that leaves it established. */
  readonly packets: Uint32Array;
  /** What the rules said of each flow's first packet. */
  readonly verdicts: Uint32Array;
  /** In which order flows begin. */
  readonly order: readonly number[];
}
export const NODE_ADDRESS = 0xc0a80001;

const TCP = 6;
const PODS = 2 ** 18;
const CLIENT_PORTS = 28_232;
const FIRST_CLIENT_PORT = 32_768;
const DNAT_BY_FRONTEND = 1 | (1 << 8);
const MASQUERADE = 1 << 3;
const BACKEND_PORT = 8080;

/** Draws `count` flows, no two alike. */
export function generateFlows(random: Random, count: number, frontends: number): FlowWorkload {
  const backendsPerFrontend = 10;
  const packets = new Uint32Array(count * PACKET4_WORDS);
  const verdicts = new Uint32Array(count * VERDICT4_WORDS);
  const drawn = new Set<number>();
  for (let flow = 0; flow < count; flow++) {
    const frontend = below(random, frontends);
    const client = below(random, PODS);
    const port = FIRST_CLIENT_PORT + below(random, CLIENT_PORTS);
    // Client and port alone tell flows apart here, which leaves no doubt.
    const key = client * 65_536 + port;
    if (drawn.has(key)) {
      flow--;
      continue;
    }
    drawn.add(key);
    const isPod = below(random, 10) < 7;
    const backend = frontend * backendsPerFrontend + below(random, backendsPerFrontend);
    const packet = flow * PACKET4_WORDS;
    packets[packet] = (isPod ? 0x0a000000 : 0xac100000) + client;
    packets[packet + 1] = 0x0a600000 + frontend;
    packets[packet + 2] = (port << 16) | 80;
    packets[packet + 3] = (TCP_ACK << 8) | TCP;
    const verdict = flow * VERDICT4_WORDS;
    verdicts[verdict] = DNAT_BY_FRONTEND | (isPod ? 0 : MASQUERADE) | (BACKEND_PORT << 16);
    verdicts[verdict + 1] = 0x0a800000 + backend;
    verdicts[verdict + 2] = backend + 1;
    verdicts[verdict + 3] = frontend + 1;
  }
  const order = shuffle(
    random,
    Array.from({ length: count }, (_, flow) => flow),
  );
  return { count, frontends, backendsPerFrontend, packets, verdicts, order };
}
