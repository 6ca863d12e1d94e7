/**
 * The packets that no address frontend translates at once: source ranges, node ports, refusals, the
 * cluster-IP space, and all that no rule touches.
 */
import {
  ACTION_ELSEWHERE_BYTE,
  ACTION_VERDICT_MASK,
  ADDRESS_LOCAL,
  ADDRESS_LOCALNET,
  ADDRESS_REFUSES_NODE_PORTS,
  ADDRESS_SERVES_NODE_PORTS,
  HEADER_BLOCKED_ACTION,
  HEADER_LOOPBACK_FLAGS4,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  OUTCOME_ORIGIN_SHIFT,
  PACKET4_DESTINATION,
  PACKET4_SOURCE,
  SECTION_POSITION,
  SPACE_HEALTH_CHECK,
  SPACE_NODE_PORT,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT4_ADDRESS,
} from '@shunt/model';
import {
  ACCEPTS,
  ADDRESS_DECIDES,
  CLUSTER_IP_REJECTS,
  DNAT,
  decide,
  HEALTH_CHECK_DECIDES,
  LOCALNET_DROPS,
  NODE_PORT_DECIDES,
  refusalOutcome,
  SERVICE_CIDR_DROPS,
} from '../decide.js';
import { actionOf, findNodeFrontend } from '../node-frontend.js';
import { intervalsContain4, setFlags4 } from './membership.js';
import { translate4 } from './translate.js';

const FRONTENDS = SECTION_POSITION.frontends;
const INDEX = SECTION_POSITION.frontendIndex4;
const LOCAL_ADDRESSES = SECTION_POSITION.localAddresses4;
const SOURCE_RANGES = SECTION_POSITION.sourceRanges4;
const CLUSTER_IPS = SECTION_POSITION.clusterIPs4;
const SERVICE_RANGES = SECTION_POSITION.serviceRanges4;

/**
 * Decides one packet and writes its verdict.
 * @param packet, verdict - word offsets of the records
 * @param frontend - the address's frontend, or 0
 * @param portKey - the packet's port key in the address space, signed
 * @param flowHash - signed
 */
export function settle4(
  image: Uint32Array,
  packets: Uint32Array,
  packet: number,
  verdicts: Uint32Array,
  verdict: number,
  frontend: number,
  origin: number,
  portKey: number,
  flowHash: number,
  random: () => number,
): void {
  const source = packet + PACKET4_SOURCE;
  const destination = packet + PACKET4_DESTINATION;
  const addressAction = addressAction4(image, frontend, origin, packets, source);
  const flags = addressFlags4(image, packets, destination);
  let nodePort = 0;
  let nodePortAction = 0;
  let healthCheck = 0;
  if (flags !== 0) {
    nodePort = findNodeFrontend(image, INDEX, portKey | SPACE_NODE_PORT);
    if ((flags & ADDRESS_SERVES_NODE_PORTS) !== 0) nodePortAction = actionOf(image, nodePort, origin);
    else if ((flags & ADDRESS_REFUSES_NODE_PORTS) !== 0) {
      nodePortAction = actionOf(image, nodePort, ACTION_ELSEWHERE_BYTE);
    }
    if ((flags & ADDRESS_LOCAL) !== 0)
      healthCheck = findNodeFrontend(image, INDEX, portKey | SPACE_HEALTH_CHECK);
  }
  const outcomeOrigin = origin << OUTCOME_ORIGIN_SHIFT;
  const decider = decide(addressAction, nodePortAction, healthCheck);
  const byAddress = decider === ADDRESS_DECIDES;
  const byFrontend = byAddress || decider === NODE_PORT_DECIDES;
  const action = byAddress ? addressAction : nodePortAction;
  const decided = byAddress ? frontend : nodePort;
  if (byFrontend && (action & ACTION_VERDICT_MASK) === DNAT) {
    translate4(image, packets, packet, verdicts, verdict, decided, action, origin, flowHash, random);
  } else if ((flags & ADDRESS_LOCALNET) !== 0 && (packets[source] as number) >>> 24 !== 127) {
    writeVerdict4(verdicts, verdict, LOCALNET_DROPS | outcomeOrigin, 0);
  } else if (byFrontend) {
    writeVerdict4(verdicts, verdict, refusalOutcome(action) | outcomeOrigin, decided);
  } else if (decider === HEALTH_CHECK_DECIDES) {
    writeVerdict4(verdicts, verdict, ACCEPTS | outcomeOrigin, healthCheck);
  } else {
    const outcome = clusterIPSpace4(image, packets, source, destination, flags);
    writeVerdict4(verdicts, verdict, outcome | outcomeOrigin, 0);
  }
}

/** The flags of a local address, 0 for others. Loopback addresses are local without being listed. */
function addressFlags4(image: Uint32Array, words: Uint32Array, at: number): number {
  const set = image[LOCAL_ADDRESSES] as number;
  const listed = setFlags4(image, set, image[LOCAL_ADDRESSES + 1] as number, words, at);
  const isLoopback = (words[at] as number) >>> 24 === 127;
  return isLoopback ? listed | (image[HEADER_LOOPBACK_FLAGS4] as number) : listed;
}

/** The action of an address's frontend behind its source ranges; 0 for frontend 0. */
function addressAction4(
  image: Uint32Array,
  frontend: number,
  origin: number,
  packets: Uint32Array,
  source: number,
): number {
  const line = (image[FRONTENDS] as number) + (frontend << 4);
  const ranges = image[line + LINE_RANGES_COUNT] as number;
  if (ranges !== 0) {
    const first = (image[SOURCE_RANGES] as number) + ((image[line + LINE_RANGES_FIRST] as number) << 1);
    if (!intervalsContain4(image, first, ranges - 1, packets, source)) {
      return image[HEADER_BLOCKED_ACTION] as number;
    }
  }
  return actionOf(image, frontend, origin);
}

/** In iptables mode both lists are empty. What comes in for the node itself is left alone. */
function clusterIPSpace4(
  image: Uint32Array,
  packets: Uint32Array,
  source: number,
  destination: number,
  flags: number,
): number {
  const isForNode = (flags & ADDRESS_LOCAL) !== 0;
  if (isForNode && (addressFlags4(image, packets, source) & ADDRESS_LOCAL) === 0) return 0;
  const clusterIPs = image[CLUSTER_IPS] as number;
  if (setFlags4(image, clusterIPs, image[CLUSTER_IPS + 1] as number, packets, destination) !== 0) {
    return CLUSTER_IP_REJECTS;
  }
  const ranges = image[SERVICE_RANGES] as number;
  const count = image[SERVICE_RANGES + 1] as number;
  return intervalsContain4(image, ranges, count, packets, destination) ? SERVICE_CIDR_DROPS : 0;
}

function writeVerdict4(verdicts: Uint32Array, verdict: number, outcome: number, frontend: number): void {
  verdicts[verdict] = outcome;
  verdicts[verdict + VERDICT4_ADDRESS] = 0;
  verdicts[verdict + VERDICT_BACKEND] = 0;
  verdicts[verdict + VERDICT_FRONTEND] = frontend;
}
