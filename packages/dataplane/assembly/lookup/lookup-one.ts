import {
  ACTION_VERDICT_MASK,
  HEADER_ROOT,
  HEADER_SEED,
  LINE_RANGES_COUNT,
  VERDICT_IS_DNAT,
} from '../formats';
import { flowHash4, flowHash6 } from '../flow-hash';
import { destinationOf, portKeyOf, portsOf } from './address';
import { actionOf, lineAt, lineOf } from './find-line';
import { addressFlags, addressHash } from './membership';
import { originOf } from './origins';
import { settle, translate } from './settle';

/** Where the root of a table is that is in force. */
// @ts-ignore: decorator
@inline
export function rootOf(image: usize): usize {
  return image + (load<u32>(image, HEADER_ROOT << 2) << 2);
}

/**
 * Looks up one packet. To begin and end the passes costs more than they do for one, and a call inside shows, too.
 * @param root - the one in force: see rootOf
 */
// @ts-ignore: decorator
@inline
export function lookupOne<A>(image: usize, root: usize, packet: usize, verdict: usize): void {
  const seed = load<u32>(image, HEADER_SEED << 2);
  const destination = destinationOf<A>(packet);
  const ports = portsOf<A>(packet);
  const portKey = portKeyOf<A>(packet);
  const line = lineOf<A>(image, root, destination, portKey, addressHash<A>(destination, portKey));
  const origin = originOf<A>(image, root, packet);
  let flowHash: u32;
  if (isVector<A>()) flowHash = flowHash6(packet, ports >> 16, seed);
  else flowHash = flowHash4(load<u32>(packet), ports >> 16, seed);
  const action = actionOf(image, line, origin);
  const isSentOn = (action & ACTION_VERDICT_MASK) == VERDICT_IS_DNAT;
  if (isSentOn && load<u32>(lineAt(image, line), LINE_RANGES_COUNT << 2) == 0) {
    translate<A>(image, packet, verdict, line, action, origin, flowHash);
  } else {
    const flags = addressFlags<A>(image, root, destination);
    settle<A>(image, root, packet, verdict, line, flags, origin, portKey, flowHash);
  }
}
