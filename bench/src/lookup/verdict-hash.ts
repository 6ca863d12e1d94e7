import { formatEndpoint, type Packet, VERDICTS } from '@shunt/model';
import { addressWords } from '../workload/address-words.js';
import type { Answer, Answers } from './implementation.js';

/** Two implementations do not agree, so their times say nothing. */
export class VerdictMismatch extends Error {
  override readonly name = 'VerdictMismatch';
}

/**
 * FNV-1a, 32 bits, over the words of all answers, least significant byte first: the verdict's number
 * and masquerade, then the backend's address (four words for IPv6), then its port.
 * @returns eight hexadecimal digits
 * @see Fowler, Noll, Vo, Eastlake: RFC 9923
 */
export function verdictHash(answers: Answers, count: number): string {
  let hash = 0x811c9dc5;
  const add = (word: number): void => {
    for (let shift = 0; shift < 32; shift += 8) {
      hash = Math.imul(hash ^ ((word >>> shift) & 0xff), 0x01000193);
    }
  };
  for (let index = 0; index < count; index++) {
    const { verdict, address, port, masquerade } = answers(index);
    add(VERDICTS.indexOf(verdict) | (masquerade ? 8 : 0));
    for (const word of addressWords(address)) add(word);
    add(port);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/**
 * Compares implementations packet by packet.
 * @param answers - by the implementation's name; the first one's are taken as right
 * @returns the hash that all have
 * @throws {VerdictMismatch} at the first packet on which one differs
 */
export function agreedHash(answers: ReadonlyMap<string, Answers>, packets: readonly Packet[]): string {
  const [reference, ...others] = [...answers];
  if (reference === undefined) throw new RangeError('"answers" expected at least one implementation');
  const [referenceName, right] = reference;
  const hash = verdictHash(right, packets.length);
  for (const [name, answer] of others) {
    if (verdictHash(answer, packets.length) === hash) continue;
    const index = packets.findIndex((_, number) => !alike(right(number), answer(number)));
    const what = `packet ${index}, ${describePacket(packets[index] as Packet)}`;
    const [expected, got] = [describeAnswer(right(index)), describeAnswer(answer(index))];
    throw new VerdictMismatch(`${name} disagrees on ${what}: ${referenceName}: ${expected}; ${name}: ${got}`);
  }
  return hash;
}

function alike(a: Answer, b: Answer): boolean {
  return (
    a.verdict === b.verdict && a.address === b.address && a.port === b.port && a.masquerade === b.masquerade
  );
}

function describeAnswer({ verdict, address, port, masquerade }: Answer): string {
  return `${verdict} to ${formatEndpoint(address, port)}${masquerade ? ', masqueraded' : ''}`;
}

function describePacket({ protocol, source, sourcePort = 0, destination, destinationPort }: Packet): string {
  return `${protocol} ${formatEndpoint(source, sourcePort)} > ${formatEndpoint(destination, destinationPort)}`;
}
