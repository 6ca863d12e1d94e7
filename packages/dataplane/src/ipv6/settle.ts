/**
 * The packets that no address frontend translates at once: source ranges, node ports, refusals, the
 * cluster-IP space, and all that no rule touches.
 */
import {
  ACTION_ELSEWHERE_BYTE,
  ACTION_VERDICT_MASK,
  ADDRESS_LOCAL,
  ADDRESS_REFUSES_NODE_PORTS,
  ADDRESS_SERVES_NODE_PORTS,
  HEAP_START,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  OUTCOME_ORIGIN_SHIFT,
  PACKET6_DESTINATION,
  PACKET6_SOURCE,
  ROOT_BLOCKED_ACTION,
  ROOT_NUMBER,
  ROOT_POSITION,
  SPACE_HEALTH_CHECK,
  SPACE_NODE_PORT,
  VERDICT_FRONTEND,
  VERDICT6_WORDS,
} from '@shunt/model';
import {
  ACCEPTS,
  ADDRESS_DECIDES,
  CLUSTER_IP_REJECTS,
  DNAT,
  decide,
  HEALTH_CHECK_DECIDES,
  NODE_PORT_DECIDES,
  refusalOutcome,
  SERVICE_CIDR_DROPS,
} from '../decide.js';
import { actionOf, findNodeFrontend } from '../node-frontend.js';
import { addressFlags6, intervalsContain6, setFlags6 } from './membership.js';
import { translate6 } from './translate.js';

const INDEX = ROOT_POSITION.frontendIndex6;
const CLUSTER_IPS = ROOT_POSITION.clusterIPs6;
const SERVICE_RANGES = ROOT_POSITION.serviceRanges6;

/**
 * Decides one packet and writes its verdict.
 * @param root - word offset of the root
 * @param packet, verdict - word offsets of the records
 * @param line - the address's frontend, or 0
 * @param portKey - the packet's port key in the address space, signed
 * @param flowHash - signed
 */
export function settle6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  packet: number,
  verdicts: Uint32Array,
  verdict: number,
  line: number,
  origin: number,
  portKey: number,
  flowHash: number,
  random: () => number,
): void {
  const source = packet + PACKET6_SOURCE;
  const destination = packet + PACKET6_DESTINATION;
  const addressAction = addressAction6(image, root, line, origin, packets, source);
  const flags = addressFlags6(image, root, packets, destination);
  let nodePort = 0;
  let nodePortAction = 0;
  let healthCheck = 0;
  if (flags !== 0) {
    nodePort = findNodeFrontend(image, root + INDEX, portKey | SPACE_NODE_PORT);
    if ((flags & ADDRESS_SERVES_NODE_PORTS) !== 0) nodePortAction = actionOf(image, nodePort, origin);
    else if ((flags & ADDRESS_REFUSES_NODE_PORTS) !== 0) {
      nodePortAction = actionOf(image, nodePort, ACTION_ELSEWHERE_BYTE);
    }
    if ((flags & ADDRESS_LOCAL) !== 0)
      healthCheck = findNodeFrontend(image, root + INDEX, portKey | SPACE_HEALTH_CHECK);
  }
  const outcomeOrigin = origin << OUTCOME_ORIGIN_SHIFT;
  const decider = decide(addressAction, nodePortAction, healthCheck);
  const byAddress = decider === ADDRESS_DECIDES;
  const byFrontend = byAddress || decider === NODE_PORT_DECIDES;
  const action = byAddress ? addressAction : nodePortAction;
  const decided = byAddress ? line : nodePort;
  if (byFrontend && (action & ACTION_VERDICT_MASK) === DNAT) {
    translate6(image, packets, packet, verdicts, verdict, decided, action, origin, flowHash, random);
  } else if (byFrontend) {
    writeVerdict6(verdicts, verdict, refusalOutcome(action) | outcomeOrigin, decided);
  } else if (decider === HEALTH_CHECK_DECIDES) {
    writeVerdict6(verdicts, verdict, ACCEPTS | outcomeOrigin, healthCheck);
  } else {
    const outcome = clusterIPSpace6(image, root, packets, source, destination, flags);
    writeVerdict6(verdicts, verdict, outcome | outcomeOrigin, 0);
  }
}

/** The action of an address's frontend behind its source ranges; 0 for line 0. */
function addressAction6(
  image: Uint32Array,
  root: number,
  line: number,
  origin: number,
  packets: Uint32Array,
  source: number,
): number {
  const at = HEAP_START + (line << 4);
  const ranges = image[at + LINE_RANGES_COUNT] as number;
  if (ranges !== 0) {
    const first = image[at + LINE_RANGES_FIRST] as number;
    if (!intervalsContain6(image, first, ranges - 1, packets, source)) {
      return image[root + ROOT_BLOCKED_ACTION] as number;
    }
  }
  return actionOf(image, line, origin);
}

/**
 * What becomes of packets that no frontend takes. In iptables mode both lists are empty. What comes in for the node
 * itself is left alone.
 * @param flags - of the destination in the set of local addresses
 */
export function clusterIPSpace6(
  image: Uint32Array,
  root: number,
  packets: Uint32Array,
  source: number,
  destination: number,
  flags: number,
): number {
  const isForNode = (flags & ADDRESS_LOCAL) !== 0;
  if (isForNode && (addressFlags6(image, root, packets, source) & ADDRESS_LOCAL) === 0) return 0;
  const clusterIPs = image[root + CLUSTER_IPS] as number;
  const since = setFlags6(image, clusterIPs, image[root + CLUSTER_IPS + 1] as number, packets, destination);
  // Of a later root than this one: then its frontends may have been missed.
  if (since !== 0 && since <= (image[root + ROOT_NUMBER] as number)) return CLUSTER_IP_REJECTS;
  const ranges = image[root + SERVICE_RANGES] as number;
  const count = image[root + SERVICE_RANGES + 1] as number;
  return intervalsContain6(image, ranges, count, packets, destination) ? SERVICE_CIDR_DROPS : 0;
}

export function writeVerdict6(verdicts: Uint32Array, verdict: number, outcome: number, line: number): void {
  verdicts[verdict] = outcome;
  for (let word = 1; word < VERDICT6_WORDS; word++) verdicts[verdict + word] = 0;
  verdicts[verdict + VERDICT_FRONTEND] = line;
}
