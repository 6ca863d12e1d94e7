/** Connection tracking by the kernel's own messages, without a process for each question. */
import { closeSync, openSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Family } from '@shunt/model';
import { DriverError } from '../rule-driver.js';
import type { ConntrackEntry, ConntrackTable } from './conntrack-entry.js';
import { type ConntrackAnswer, deleteRequest, dumpRequest, readAnswer } from './conntrack-message.js';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const NETLINK_NETFILTER = 12;
const SOL_SOCKET = 1;
const SO_RCVTIMEO = 20;
const CLONE_NEWNET = 0x40000000;
const ENOENT = 2;
const EPERM = 1;
/** The kernel fills up to 32 KiB for a dump. */
const RECEIVE_BYTES = 1 << 16;
/** Seconds: the kernel answers at once or not at all. */
const RECEIVE_TIMEOUT = 5n;

/** The system calls. */
interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  send(socket: number, bytes: Buffer, length: number, flags: number): number;
  recv(socket: number, bytes: Buffer, length: number, flags: number): number;
  setsockopt(socket: number, level: number, name: number, value: Buffer, length: number): number;
  setns(file: number, type: number): number;
  errno(): number;
}

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
    const socket = namespace === null ? makeSocket() : inNamespace(libc, namespace, makeSocket);
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

/** A socket belongs to the namespace that its thread was in when it was made. Nothing else runs meanwhile. */
function inNamespace<T>(libc: Libc, namespace: string, make: () => T): T {
  const files: number[] = [];
  const open = (path: string): number => {
    const file = openSync(path, 'r');
    files.push(file);
    return file;
  };
  try {
    const home = open('/proc/thread-self/ns/net');
    if (libc.setns(open(namespace), CLONE_NEWNET) !== 0) {
      throw new DriverError(`${namespace} cannot be entered: ${errorText(libc.errno())}`);
    }
    try {
      return make();
    } finally {
      libc.setns(home, CLONE_NEWNET);
    }
  } catch (error) {
    if (error instanceof DriverError) throw error;
    throw new DriverError(`${namespace} cannot be entered: ${(error as Error).message}`, null, null, {
      cause: error,
    });
  } finally {
    for (const file of files) closeSync(file);
  }
}

async function loadLibc(): Promise<Libc | null> {
  try {
    const { errno, load } = await import('koffi');
    const libc = load('libc.so.6');
    return {
      socket: libc.func('int socket(int, int, int)') as unknown as Libc['socket'],
      send: libc.func('long send(int, const void *, size_t, int)') as unknown as Libc['send'],
      recv: libc.func('long recv(int, void *, size_t, int)') as unknown as Libc['recv'],
      setsockopt: libc.func('int setsockopt(int, int, int, void *, int)') as unknown as Libc['setsockopt'],
      setns: libc.func('int setns(int, int)') as unknown as Libc['setns'],
      errno: () => errno(),
    };
  } catch {
    return null;
  }
}

function errorText(error: number): string {
  return error === EPERM ? 'it needs root, or the capability NET_ADMIN' : `error ${error}`;
}
