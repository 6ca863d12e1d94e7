/** So that the words of all records have offsets of 31 bits: 4 GiB of IPv4 packets. */
export const MAXIMUM_BATCH_PACKETS = 2 ** 28;

/**
 * Whether packets can be answered into other records.
 * @throws {RangeError} if `count` is no number of packets, an array has no room for it, or verdicts would be written
 *   over packets
 */
export function checkRecords(
  packets: Uint32Array,
  packetWords: number,
  verdicts: Uint32Array,
  verdictWords: number,
  count: number,
): void {
  if (!Number.isInteger(count) || count < 0 || count > MAXIMUM_BATCH_PACKETS) {
    throw new RangeError(`"count" expected an integer from 0 to ${MAXIMUM_BATCH_PACKETS}, got ${count}`);
  }
  checkRoom('packets', packets, count * packetWords);
  checkRoom('verdicts', verdicts, count * verdictWords);
  if (packets.buffer !== verdicts.buffer) return;
  const packetsEnd = packets.byteOffset + count * packetWords * Uint32Array.BYTES_PER_ELEMENT;
  const verdictsEnd = verdicts.byteOffset + count * verdictWords * Uint32Array.BYTES_PER_ELEMENT;
  if (packets.byteOffset < verdictsEnd && verdicts.byteOffset < packetsEnd) {
    throw new RangeError('"verdicts" expected room apart from that of "packets"');
  }
}

function checkRoom(title: string, records: Uint32Array, words: number): void {
  if (records.length >= words) return;
  throw new RangeError(`"${title}" expected at least ${words} words, got ${records.length}`);
}
