// One packet from its address's frontend to its verdict: source ranges, node ports, refusals, the cluster-IP space,
// and all that no rule touches.
import {
  ACTION_ELSEWHERE_BYTE,
  ACTION_LOCAL_POOL,
  ACTION_MASQUERADE,
  ACTION_VERDICT_MASK,
  ADDRESS_LOCAL,
  ADDRESS_LOCALNET,
  ADDRESS_REFUSES_NODE_PORTS,
  ADDRESS_SERVES_NODE_PORTS,
  BY_FRONTEND,
  LINE_CLUSTER_POOL,
  LINE_RANGES_COUNT,
  LINE_RANGES_FIRST,
  OUTCOME_DECIDED_BY_SHIFT,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  POOL_BACKEND,
  POOL_COUNT_MASK,
  POOL_RANDOM,
  POOL_SLOTS,
  POOL_WORD,
  POOL_WORDS,
  ROOT_BLOCKED_ACTION,
  ROOT_SERVICE_RANGES_4,
  ROOT_SERVICE_RANGES_6,
  SPACE_HEALTH_CHECK,
  SPACE_NODE_PORT,
  VERDICT6_ADDRESS,
  VERDICT_BACKEND,
  VERDICT_IS_DNAT,
} from '../formats';
import { backendBytes, destinationOf, isLoopback } from './address';
import {
  ACCEPTS,
  ADDRESS_DECIDES,
  CLUSTER_IP_REJECTS,
  decide,
  HEALTH_CHECK_DECIDES,
  LOCALNET_DROPS,
  NODE_PORT_DECIDES,
  refusalOutcome,
  SERVICE_CIDR_DROPS,
} from './decide';
import { actionOf, findNodeFrontend, lineAt } from './find-line';
import { addressFlags, intervalsContain, isClusterIP, listContains } from './membership';
import { namedPlace, scaled } from './slots';
import { writeTranslation } from './write-block';

/** Asked once for each flow to a pool of strategy `random`. */
// @ts-ignore: decorator
@external("env", "random")
declare function random(): u32;

/**
 * Decides one packet and writes its verdict.
 * @param line - its address's frontend, or 0
 * @param flags - of its destination in the set of local addresses
 * @param portKey - in the space of addresses
 */
export function settle<A>(
  image: usize,
  root: usize,
  packet: usize,
  verdict: usize,
  line: u32,
  flags: u32,
  origin: u32,
  portKey: u32,
  flowHash: u32,
): void {
  const addressAction = addressActionOf<A>(image, root, line, origin, packet);
  let nodePort: u32 = 0;
  let nodePortAction: u32 = 0;
  let healthCheck: u32 = 0;
  if (flags != 0) {
    nodePort = findNodeFrontend<A>(image, root, portKey | SPACE_NODE_PORT);
    if ((flags & ADDRESS_SERVES_NODE_PORTS) != 0) nodePortAction = actionOf(image, nodePort, origin);
    else if ((flags & ADDRESS_REFUSES_NODE_PORTS) != 0) {
      nodePortAction = actionOf(image, nodePort, ACTION_ELSEWHERE_BYTE);
    }
    if ((flags & ADDRESS_LOCAL) != 0) {
      healthCheck = findNodeFrontend<A>(image, root, portKey | SPACE_HEALTH_CHECK);
    }
  }
  const outcomeOrigin = origin << OUTCOME_ORIGIN_SHIFT;
  const decider = decide(addressAction, nodePortAction, healthCheck);
  const byAddress = decider == ADDRESS_DECIDES;
  const byFrontend = byAddress || decider == NODE_PORT_DECIDES;
  const action = byAddress ? addressAction : nodePortAction;
  const decided = byAddress ? line : nodePort;
  if (byFrontend && (action & ACTION_VERDICT_MASK) == VERDICT_IS_DNAT) {
    translate<A>(image, packet, verdict, decided, action, origin, flowHash);
  } else if (!isVector<A>() && (flags & ADDRESS_LOCALNET) != 0 && !isLoopback<A>(packet)) {
    writeVerdict<A>(verdict, LOCALNET_DROPS | outcomeOrigin, 0);
  } else if (byFrontend) {
    writeVerdict<A>(verdict, refusalOutcome(action) | outcomeOrigin, decided);
  } else if (decider == HEALTH_CHECK_DECIDES) {
    writeVerdict<A>(verdict, ACCEPTS | outcomeOrigin, healthCheck);
  } else {
    writeVerdict<A>(verdict, clusterIPSpace<A>(image, root, packet, flags) | outcomeOrigin, 0);
  }
}

/** The action of an address's frontend behind its source ranges; 0 for line 0. */
function addressActionOf<A>(image: usize, root: usize, line: u32, origin: u32, packet: usize): u32 {
  const words = lineAt(image, line);
  const ranges = load<u32>(words, LINE_RANGES_COUNT << 2);
  if (ranges != 0) {
    const first = image + (load<u32>(words, LINE_RANGES_FIRST << 2) << 2);
    if (!intervalsContain<A>(first, ranges - 1, packet)) return load<u32>(root, ROOT_BLOCKED_ACTION << 2);
  }
  return actionOf(image, line, origin);
}

/**
 * What becomes of a packet that no frontend takes. In iptables mode both lists are empty. What comes in for the node
 * itself is left alone.
 * @returns an outcome without the origin
 */
function clusterIPSpace<A>(image: usize, root: usize, packet: usize, flags: u32): u32 {
  if ((flags & ADDRESS_LOCAL) != 0 && (addressFlags<A>(image, root, packet) & ADDRESS_LOCAL) == 0) return 0;
  const destination = destinationOf<A>(packet);
  return outsideFrontends<A>(image, root, destination, isClusterIP<A>(image, root, destination));
}

/**
 * The same for a destination that is not the node's. Without a branch that it decides.
 * @param isKnown - whether it is a cluster IP
 */
// @ts-ignore: decorator
@inline
export function outsideFrontends<A>(image: usize, root: usize, destination: usize, isKnown: bool): u32 {
  const ranges = isVector<A>() ? ROOT_SERVICE_RANGES_6 : ROOT_SERVICE_RANGES_4;
  const isInRange = listContains<A>(image, root, ranges, destination);
  return select<u32>(CLUSTER_IP_REJECTS, select<u32>(SERVICE_CIDR_DROPS, 0, isInRange), isKnown);
}

/**
 * Sends a flow to the backend that its hash, or chance, picks. Without a call: 1.06x for packets one by one.
 * @param action - a `dnat`
 */
// @ts-ignore: decorator
@inline
export function translate<A>(
  image: usize,
  packet: usize,
  verdict: usize,
  line: u32,
  action: u32,
  origin: u32,
  flowHash: u32,
): void {
  const pool = lineAt(image, line) + ((action & ACTION_LOCAL_POOL) == 0 ? 0 : POOL_WORDS << 2);
  const backends = image + (load<u32>(pool, (LINE_CLUSTER_POOL + POOL_BACKEND) << 2) << 2);
  const poolWord = load<u32>(pool, (LINE_CLUSTER_POOL + POOL_WORD) << 2);
  const hash = (poolWord & POOL_RANDOM) == 0 ? flowHash : random();
  // The backends are asked for while the slot that names one is on its way, or what two lines hold of them: else one
  // cache miss waits for the other. Written, since an optimizer leaves out what nobody uses.
  store<u32>(verdict, load<u32>(backends) ^ load<u32>(backends, 64), VERDICT_BACKEND << 2);
  const slot = scaled(hash, poolWord & POOL_COUNT_MASK);
  const slots = image + (load<u32>(pool, (LINE_CLUSTER_POOL + POOL_SLOTS) << 2) << 2);
  const place = namedPlace(poolWord, slots, slot);
  const masquerade = (action & ACTION_MASQUERADE) == 0 ? 0 : OUTCOME_MASQUERADE;
  const decided = VERDICT_IS_DNAT | (BY_FRONTEND << OUTCOME_DECIDED_BY_SHIFT);
  const outcome = decided | masquerade | (origin << OUTCOME_ORIGIN_SHIFT);
  writeTranslation<A>(image, packet, verdict, backends + place * backendBytes<A>(), outcome, line);
}

/** A verdict without a backend. */
// @ts-ignore: decorator
@inline
export function writeVerdict<A>(verdict: usize, outcome: u32, line: u32): void {
  store<u64>(verdict, outcome);
  store<u64>(verdict, u64(line) << 32, VERDICT_BACKEND << 2);
  if (isVector<A>()) v128.store(verdict, i32x4.splat(0), VERDICT6_ADDRESS << 2);
}
