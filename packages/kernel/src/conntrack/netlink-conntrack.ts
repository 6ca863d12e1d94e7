/** Connection tracking by the kernel's own messages, without a process for each question. */
import { setImmediate } from 'node:timers/promises';
import type { Family } from '@shunt/model';
import { type Libc, loadLibc } from '../native/libc.js';
import { errorText, inNamespace } from '../native/network-namespace.js';
import { DriverError } from '../rule-driver.js';
import type { ConntrackEntry, ConntrackTable } from './conntrack-entry.js';
import { type ConntrackAnswer, deleteRequest, dumpRequest, readAnswer } from './conntrack-message.js';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const NETLINK_NETFILTER = 12;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const ENOENT = 2;
/** The kernel fills up to 32 KiB for a dump. */
const RECEIVE_BYTES = 1 << 16;
/** Seconds: the kernel answers at once or not at all. */
const RECEIVE_TIMEOUT = 5n;

export class NetlinkConntrack implements ConntrackTable {
  readonly #libc: Libc;
  // Never closed: the close of a netfilter socket waits for deletions of rules that are on their way.
  readonly #socket: number;
  readonly #buffer = Buffer.alloc(RECEIVE_BYTES);
  #sequence = 0;

  /**
   * @param namespace - the file of a network namespace, as `/run/netns/NAME`; by default that of this process
   * @returns `null` if koffi is not installed, or has nothing for this machine
   * @throws {DriverError} if there is no such namespace, or it may not be entered
   */
  static async open(namespace: string | null = null): Promise<NetlinkConntrack | null> {
    const libc = await loadLibc();
    if (libc === null) return null;
    const makeSocket = (): number => libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    const socket = inNamespace(libc, namespace, makeSocket);
    return socket < 0 ? null : new NetlinkConntrack(libc, socket);
  }

  private constructor(libc: Libc, socket: number) {
    this.#libc = libc;
    this.#socket = socket;
    const timeout = Buffer.alloc(16);
    timeout.writeBigInt64LE(RECEIVE_TIMEOUT);
    libc.setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, timeout, timeout.length);
  }

  async find(family: Family, isWanted: (entry: ConntrackEntry) => boolean): Promise<ConntrackEntry[]> {
    const sequence = ++this.#sequence;
    this.#send(dumpRequest(family, sequence));
    const found: ConntrackEntry[] = [];
    for (;;) {
      const { entries, isLast, error } = this.#receive(family, sequence);
      if (error !== 0) throw new DriverError(`connection tracking cannot be read: ${errorText(error)}`);
      for (const entry of entries) if (isWanted(entry)) found.push(entry);
      if (isLast) return found;
      // There may be hundreds of thousands: others want their turn.
      await setImmediate();
    }
  }

  async delete(entries: readonly ConntrackEntry[]): Promise<number> {
    let deleted = 0;
    for (const [index, entry] of entries.entries()) {
      const sequence = ++this.#sequence;
      this.#send(deleteRequest(entry, sequence));
      const { error } = this.#receive(entry.family, sequence);
      if (error === 0) deleted++;
      // Others end flows, too.
      else if (error !== ENOENT) {
        throw new DriverError(`an entry of connection tracking cannot be deleted: ${errorText(error)}`);
      }
      if (index % 100 === 99) await setImmediate();
    }
    return deleted;
  }

  #send(bytes: Buffer): void {
    const sent = this.#libc.send(this.#socket, bytes, bytes.length, 0);
    if (sent === bytes.length) return;
    throw new DriverError(`connection tracking does not answer: ${errorText(this.#libc.errno())}`);
  }

  /** The next answer to a request; what is left of older ones is passed over. */
  #receive(family: Family, sequence: number): ConntrackAnswer {
    for (;;) {
      const length = this.#libc.recv(this.#socket, this.#buffer, this.#buffer.length, 0);
      if (length < 0) {
        throw new DriverError(`connection tracking does not answer: ${errorText(this.#libc.errno())}`);
      }
      const bytes = this.#buffer.subarray(0, length);
      if (bytes.length >= 16 && bytes.readUInt32LE(8) !== sequence) continue;
      return readAnswer(bytes, family, sequence);
    }
  }
}
