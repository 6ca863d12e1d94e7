/**
 * The states of flows, what a packet does to them, and how long each lasts without one. They are the
 * kernel's, simplified: syn, established and closing for what TCP has eleven for, and the same three
 * for SCTP; `answered` stands between the first two, so that an answer alone, which anybody gets for a
 * forged SYN, does not make a flow that lives for days. Sequence numbers are not looked at.
 */
import {
  PROTOCOL_NUMBER,
  SCTP_ABORT,
  SCTP_COOKIE_ACK,
  SCTP_INIT,
  SCTP_INIT_ACK,
  SCTP_SHUTDOWN,
  SCTP_SHUTDOWN_ACK,
  SCTP_SHUTDOWN_COMPLETE,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
} from '@shunt/model';

/** States by their number; 0 is none. */
export const FLOW_STATES = [
  'none',
  'tcp syn',
  'tcp answered',
  'tcp established',
  'tcp closing',
  'udp unreplied',
  'udp stream',
  'sctp init',
  'sctp answered',
  'sctp established',
  'sctp closing',
] as const;

export type FlowState = (typeof FLOW_STATES)[number];

const TCP_NEW = 1;
const TCP_ANSWERED = 2;
const TCP_ESTABLISHED = 3;
const TCP_CLOSING = 4;
const UDP_UNREPLIED = 5;
const UDP_STREAM = 6;
const SCTP_NEW = 7;
const SCTP_ANSWERED = 8;
const SCTP_ESTABLISHED = 9;
const SCTP_CLOSING = 10;

/** Seconds without a packet after which a flow is over. */
export type FlowTimeouts = Readonly<Record<Exclude<FlowState, 'none'>, number>>;

/**
 * The kernel's defaults, as net.netfilter.nf_conntrack_* (in brackets) have them.
 * - TCP: syn (tcp_timeout_syn_sent), answered (tcp_timeout_syn_recv), established
 *   (tcp_timeout_established, which kube-proxy sets to 86,400), closing (tcp_timeout_time_wait)
 * - UDP: unreplied (udp_timeout), stream (udp_timeout_stream). The kernel takes a flow for a stream when
 *   it is two seconds old, here it is one with its first answer.
 * - SCTP: sctp_timeout_cookie_wait, cookie_echoed, established, shutdown_sent
 * @see Documentation/networking/nf_conntrack-sysctl.rst; net/netfilter/nf_conntrack_proto_{tcp,udp,sctp}.c
 */
export const DEFAULT_FLOW_TIMEOUTS: FlowTimeouts = {
  'tcp syn': 120,
  'tcp answered': 60,
  'tcp established': 432_000,
  'tcp closing': 120,
  'udp unreplied': 30,
  'udp stream': 120,
  'sctp init': 3,
  'sctp answered': 3,
  'sctp established': 210,
  'sctp closing': 3,
};

/** Times are kept modulo 2^27 seconds, and compared as signed differences. */
export const TIMEOUT_SECONDS_MAX = (1 << 26) - 1;

// What closes a connection from either side, by the bits of a TCP hint.
const TCP_CLOSES = TCP_FIN | TCP_RST;
const TCP_OPENING = TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN;

/** The state of a flow whose first packet this is; 0: the protocol has no flows. */
export function firstState(protocol: number): number {
  if (protocol === PROTOCOL_NUMBER.TCP) return TCP_NEW;
  if (protocol === PROTOCOL_NUMBER.UDP) return UDP_UNREPLIED;
  return protocol === PROTOCOL_NUMBER.SCTP ? SCTP_NEW : 0;
}

/**
 * Whether a packet that belongs to no flow may begin one. A SYN that acknowledges, a FIN or a RST may not:
 * the kernel finds them invalid. A segment from the middle of a connection may, as with
 * nf_conntrack_tcp_loose, its default. Other protocols have no flows.
 * @see tcp_conntracks in net/netfilter/nf_conntrack_proto_tcp.c, column sNO
 */
export function beginsFlow(protocol: number, hint: number): boolean {
  if (protocol === PROTOCOL_NUMBER.TCP) {
    return (hint & TCP_CLOSES) === 0 && (hint & (TCP_SYN | TCP_ACK)) !== (TCP_SYN | TCP_ACK);
  }
  if (protocol !== PROTOCOL_NUMBER.SCTP) return protocol === PROTOCOL_NUMBER.UDP;
  return !closesSctp(hint) && hint !== SCTP_INIT_ACK && hint !== SCTP_COOKIE_ACK;
}

/**
 * Whether a packet begins the connection anew that its flow has closed: the kernel then forgets the old
 * flow, so that the new connection goes where the rules of now send it.
 */
export function reopensFlow(state: number, isReply: boolean, hint: number): boolean {
  if (isReply) return false;
  if (state === TCP_CLOSING) return (hint & TCP_OPENING) === TCP_SYN;
  return state === SCTP_CLOSING && hint === SCTP_INIT;
}

/** The state of a flow behind one more packet. */
export function nextState(state: number, isReply: boolean, hint: number): number {
  switch (state) {
    case TCP_NEW:
      if ((hint & TCP_CLOSES) !== 0) return TCP_CLOSING;
      return isReply ? TCP_ANSWERED : TCP_NEW;
    case TCP_ANSWERED:
      if ((hint & TCP_CLOSES) !== 0) return TCP_CLOSING;
      return isReply || (hint & TCP_SYN) !== 0 ? TCP_ANSWERED : TCP_ESTABLISHED;
    case TCP_ESTABLISHED:
      return (hint & TCP_CLOSES) === 0 ? TCP_ESTABLISHED : TCP_CLOSING;
    case UDP_UNREPLIED:
      return isReply ? UDP_STREAM : UDP_UNREPLIED;
    case SCTP_NEW:
      if (closesSctp(hint)) return SCTP_CLOSING;
      return isReply ? SCTP_ANSWERED : SCTP_NEW;
    case SCTP_ANSWERED:
      if (closesSctp(hint)) return SCTP_CLOSING;
      return isReply || hint === SCTP_INIT ? SCTP_ANSWERED : SCTP_ESTABLISHED;
    case SCTP_ESTABLISHED:
      return closesSctp(hint) ? SCTP_CLOSING : SCTP_ESTABLISHED;
    default:
      return state;
  }
}

/** How much a flow is worth when there is no room for one more. */
export const WORTH_KEPT = 0;
export const WORTH_CLOSING = 1;
export const WORTH_UNASSURED = 2;

/**
 * What may go first when room is needed: flows that nobody has answered and acknowledged (the kernel: not
 * IPS_ASSURED), then closing ones (gc_worker_can_early_drop), and never the others.
 */
export function evictionClass(state: number): number {
  if (state === TCP_CLOSING || state === SCTP_CLOSING) return WORTH_CLOSING;
  const isAssured = state === TCP_ESTABLISHED || state === UDP_STREAM || state === SCTP_ESTABLISHED;
  return isAssured ? WORTH_KEPT : WORTH_UNASSURED;
}

/** In {@link stirringHints}: every packet may change the state. */
export const ANY_HINT = 0x100;

/**
 * The bits of hints that may change a state; where a hint has none of them, and ANY_HINT is not set, the
 * packet leaves it as it is. The packet path looks no further then.
 */
export function stirringHints(state: number, isReply: boolean): number {
  switch (state) {
    case TCP_NEW:
      return isReply ? ANY_HINT : TCP_CLOSES;
    case TCP_ANSWERED:
      return isReply ? TCP_CLOSES : ANY_HINT;
    case TCP_ESTABLISHED:
      return TCP_CLOSES;
    case TCP_CLOSING:
      return isReply ? 0 : TCP_SYN;
    case UDP_UNREPLIED:
      return isReply ? ANY_HINT : 0;
    case UDP_STREAM:
      return 0;
    case SCTP_NEW:
      return isReply ? ANY_HINT : 0xff;
    case SCTP_ANSWERED:
      return isReply ? 0xff : ANY_HINT;
    case SCTP_ESTABLISHED:
    case SCTP_CLOSING:
      // Types are numbers and no bits: all but DATA, which is 0, are looked at.
      return 0xff;
    default:
      return ANY_HINT;
  }
}

function closesSctp(chunk: number): boolean {
  return (
    chunk === SCTP_ABORT ||
    chunk === SCTP_SHUTDOWN ||
    chunk === SCTP_SHUTDOWN_ACK ||
    chunk === SCTP_SHUTDOWN_COMPLETE
  );
}
