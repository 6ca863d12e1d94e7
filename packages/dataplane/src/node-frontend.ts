import { entryShift, keyHash4, LINE_ACTIONS, LINE_PORT_KEY, SECTION_POSITION } from '@shunt/model';

const FRONTENDS = SECTION_POSITION.frontends;

/**
 * The frontend of a port on the node's own addresses, in either family: its address is zero, where
 * both key hashes agree, and the space in its port key sets it apart from every address's frontend.
 * @param indexSection - header word of the family's index
 * @param portKey - with the bits of a node-port or health-check space
 * @returns its index, or 0
 */
export function findNodeFrontend(image: Uint32Array, indexSection: number, portKey: number): number {
  const index = image[indexSection] as number;
  const capacity = image[indexSection + 1] as number;
  const frontends = image[FRONTENDS] as number;
  const hash = keyHash4(0, portKey);
  for (let entry = hash >>> entryShift(capacity); ; entry = (entry + 1) & (capacity - 1)) {
    const tag = image[index + (entry << 1)] as number;
    if (tag === 0) return 0;
    if ((tag | 0) !== (hash | 1)) continue;
    const frontend = image[index + (entry << 1) + 1] as number;
    if (((image[frontends + (frontend << 4) + LINE_PORT_KEY] as number) | 0) === (portKey | 0))
      return frontend;
  }
}

/** One action byte of a frontend; 0 for frontend 0. */
export function actionOf(image: Uint32Array, frontend: number, byte: number): number {
  const line = (image[FRONTENDS] as number) + (frontend << 4);
  return ((image[line + LINE_ACTIONS] as number) >>> (byte << 3)) & 0xff;
}
