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
  LINE_ACTIONS,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  OUTCOME_ORIGIN_SHIFT,
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
import { findFrontend4, intervalsContain4, setFlags4 } from './membership.js';
import { translate4 } from './translate.js';

const FRONTENDS = SECTION_POSITION.frontends;
const INDEX = SECTION_POSITION.frontendIndex4;
const SLOTS = SECTION_POSITION.slots;
const BACKENDS = SECTION_POSITION.backends4;
const LOCAL_ADDRESSES = SECTION_POSITION.localAddresses4;
const SOURCE_RANGES = SECTION_POSITION.sourceRanges4;
const CLUSTER_IPS = SECTION_POSITION.clusterIPs4;
const SERVICE_RANGES = SECTION_POSITION.serviceRanges4;

/**
 * Decides one packet and writes its verdict.
 * @param verdict - word offset of the verdict record
 * @param frontend - the address's frontend, or 0
 * @param portKey - the packet's port key in the address space
 */
export function settle4(
  image: Uint32Array,
  verdicts: Uint32Array,
  verdict: number,
  frontend: number,
  origin: number,
  source: number,
  destination: number,
  portKey: number,
  flowHash: number,
  random: () => number,
): void {
  const addressAction = addressAction4(image, frontend, origin, source);
  const flags = addressFlags4(image, destination);
  let nodePort = 0;
  let nodePortAction = 0;
  let healthCheck = 0;
  if (flags !== 0) {
    nodePort = nodeFrontend4(image, portKey, SPACE_NODE_PORT);
    if ((flags & ADDRESS_SERVES_NODE_PORTS) !== 0) nodePortAction = actionOf(image, nodePort, origin);
    else if ((flags & ADDRESS_REFUSES_NODE_PORTS) !== 0) {
      nodePortAction = actionOf(image, nodePort, ACTION_ELSEWHERE_BYTE);
    }
    if ((flags & ADDRESS_LOCAL) !== 0) healthCheck = nodeFrontend4(image, portKey, SPACE_HEALTH_CHECK);
  }
  const outcomeOrigin = origin << OUTCOME_ORIGIN_SHIFT;
  const decider = decide(addressAction, nodePortAction, healthCheck);
  const byAddress = decider === ADDRESS_DECIDES;
  const byFrontend = byAddress || decider === NODE_PORT_DECIDES;
  const action = byAddress ? addressAction : nodePortAction;
  const decided = byAddress ? frontend : nodePort;
  if (byFrontend && (action & ACTION_VERDICT_MASK) === DNAT) {
    const line = (image[FRONTENDS] as number) + (decided << 4);
    const slots = image[SLOTS] as number;
    const backends = image[BACKENDS] as number;
    translate4(
      image,
      verdicts,
      verdict,
      decided,
      line,
      action,
      outcomeOrigin,
      source,
      flowHash,
      slots,
      backends,
      random,
    );
  } else if ((flags & ADDRESS_LOCALNET) !== 0 && source >>> 24 !== 127) {
    writeVerdict4(verdicts, verdict, LOCALNET_DROPS | outcomeOrigin, 0);
  } else if (byFrontend) {
    writeVerdict4(verdicts, verdict, refusalOutcome(action) | outcomeOrigin, decided);
  } else if (decider === HEALTH_CHECK_DECIDES) {
    writeVerdict4(verdicts, verdict, ACCEPTS | outcomeOrigin, healthCheck);
  } else {
    writeVerdict4(verdicts, verdict, clusterIPSpace4(image, source, destination, flags) | outcomeOrigin, 0);
  }
}

/** The flags of a local address, 0 for others. Loopback addresses are local without being listed. */
function addressFlags4(image: Uint32Array, address: number): number {
  const set = image[LOCAL_ADDRESSES] as number;
  const listed = setFlags4(image, set, image[LOCAL_ADDRESSES + 1] as number, address);
  return address >>> 24 === 127 ? listed | (image[HEADER_LOOPBACK_FLAGS4] as number) : listed;
}

function nodeFrontend4(image: Uint32Array, portKey: number, space: number): number {
  const capacity = image[INDEX + 1] as number;
  const key = (portKey | space) >>> 0;
  return findFrontend4(image, image[INDEX] as number, capacity, image[FRONTENDS] as number, 0, key);
}

/** One action byte of a frontend; 0 for frontend 0. */
function actionOf(image: Uint32Array, frontend: number, byte: number): number {
  const line = (image[FRONTENDS] as number) + (frontend << 4);
  return ((image[line + LINE_ACTIONS] as number) >>> (byte << 3)) & 0xff;
}

/** The action of an address's frontend behind its source ranges; 0 for frontend 0. */
function addressAction4(image: Uint32Array, frontend: number, origin: number, source: number): number {
  const line = (image[FRONTENDS] as number) + (frontend << 4);
  const ranges = image[line + LINE_RANGES_COUNT] as number;
  if (ranges !== 0) {
    const first = (image[SOURCE_RANGES] as number) + ((image[line + LINE_RANGES_FIRST] as number) << 1);
    if (!intervalsContain4(image, first, ranges - 1, source)) return image[HEADER_BLOCKED_ACTION] as number;
  }
  return actionOf(image, frontend, origin);
}

/** In iptables mode both lists are empty. What comes in for the node itself is left alone. */
function clusterIPSpace4(image: Uint32Array, source: number, destination: number, flags: number): number {
  if ((flags & ADDRESS_LOCAL) !== 0 && (addressFlags4(image, source) & ADDRESS_LOCAL) === 0) return 0;
  const clusterIPs = image[CLUSTER_IPS] as number;
  if (setFlags4(image, clusterIPs, image[CLUSTER_IPS + 1] as number, destination) !== 0) {
    return CLUSTER_IP_REJECTS;
  }
  const ranges = image[SERVICE_RANGES] as number;
  const count = image[SERVICE_RANGES + 1] as number;
  return intervalsContain4(image, ranges, count, destination) ? SERVICE_CIDR_DROPS : 0;
}

function writeVerdict4(verdicts: Uint32Array, verdict: number, outcome: number, frontend: number): void {
  verdicts[verdict] = outcome;
  verdicts[verdict + VERDICT4_ADDRESS] = 0;
  verdicts[verdict + VERDICT_BACKEND] = 0;
  verdicts[verdict + VERDICT_FRONTEND] = frontend;
}
