/**
 * The system calls that the bed makes itself: a thread's network namespace, tunnel devices, raw and packet sockets.
 * Each throws with the call's name and the kernel's word for what went wrong.
 */
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');

type Call = (...args: readonly unknown[]) => number;

const declared = (declaration: string): Call => libc.func(declaration) as unknown as Call;

const OPEN = declared('int open(const char *path, int flags)');
const CLOSE = declared('int close(int descriptor)');
const READ = declared('intptr_t read(int descriptor, void *buffer, size_t size)');
const WRITE = declared('intptr_t write(int descriptor, const void *buffer, size_t size)');
const IOCTL = declared('int ioctl(int descriptor, unsigned long request, void *argument)');
const SETNS = declared('int setns(int descriptor, int type)');
const SOCKET = declared('int socket(int domain, int type, int protocol)');
const BIND = declared('int bind(int descriptor, const void *address, unsigned int size)');
const SETSOCKOPT = declared(
  'int setsockopt(int descriptor, int level, int name, const void *value, unsigned int size)',
);
const SENDTO = declared(
  'intptr_t sendto(int descriptor, const void *buffer, size_t size, int flags, const void *address, unsigned int length)',
);

const GET_PROCESSOR = declared('int sched_getcpu()');
const GET_AFFINITY = declared('int sched_getaffinity(int thread, size_t size, void *processors)');
const SET_AFFINITY = declared('int sched_setaffinity(int thread, size_t size, const void *processors)');

/** glibc's cpu_set_t, a bit for each of 1024 processors. */
const PROCESSOR_SET_BYTES = 128;

/** include/uapi/asm-generic/fcntl.h */
const O_RDONLY = 0;
const O_RDWR = 2;
const O_NONBLOCK = 0x800;
const O_CLOEXEC = 0x80000;

/** include/uapi/linux/sched.h */
const CLONE_NEWNET = 0x40000000;

/** include/linux/net.h: types of sockets, with what `socket` takes besides. */
export const SOCK_RAW = 3;
export const SOCK_DGRAM = 2;

export function openFile(path: string, access: 'read' | 'read and write'): number {
  const mode = access === 'read' ? O_RDONLY : O_RDWR;
  return checked(`open ${path}`, OPEN(path, mode | O_NONBLOCK | O_CLOEXEC));
}

export function closeFile(descriptor: number): void {
  CLOSE(descriptor);
}

/** @returns how many bytes were read; 0 when there is nothing at the moment */
export function read(descriptor: number, buffer: Uint8Array): number {
  const size = READ(descriptor, buffer, buffer.length);
  if (size >= 0) return size;
  const name = errorName();
  if (name === 'EAGAIN' || name === 'ENOBUFS') return 0;
  throw new Error(`read: ${name}`);
}

export function write(descriptor: number, bytes: Uint8Array): void {
  checked('write', WRITE(descriptor, bytes, bytes.length));
}

export function control(descriptor: number, what: string, request: number, argument: Uint8Array): void {
  checked(what, IOCTL(descriptor, request, argument));
}

/** Opens a socket that does not block. */
export function openSocket(domain: number, type: number, protocol: number): number {
  return checked('socket', SOCKET(domain, type | O_NONBLOCK | O_CLOEXEC, protocol));
}

export function bindSocket(descriptor: number, address: Uint8Array): void {
  checked('bind', BIND(descriptor, address, address.length));
}

export function setOption(descriptor: number, level: number, name: number, value: number): void {
  checked('setsockopt', SETSOCKOPT(descriptor, level, name, new Int32Array([value]), 4));
}

/** @returns `null`, or the kernel's word for why it did not send: `EPERM` when a rule dropped the packet */
export function sendTo(descriptor: number, bytes: Uint8Array, address: Uint8Array): string | null {
  return SENDTO(descriptor, bytes, bytes.length, 0, address, address.length) >= 0 ? null : errorName();
}

/** Does something with this thread on the processor where it happens to be. */
export function onOneProcessor<T>(action: () => T): T {
  const allowed = new Uint8Array(PROCESSOR_SET_BYTES);
  checked('sched_getaffinity', GET_AFFINITY(0, allowed.length, allowed));
  const processor = checked('sched_getcpu', GET_PROCESSOR());
  const one = new Uint8Array(PROCESSOR_SET_BYTES);
  one[processor >> 3] = 1 << (processor & 7);
  checked('sched_setaffinity', SET_AFFINITY(0, one.length, one));
  try {
    return action();
  } finally {
    checked('sched_setaffinity', SET_AFFINITY(0, allowed.length, allowed));
  }
}

/** Does something with this thread in a network namespace, and comes back whatever happens. */
export function inNetworkNamespace<T>(name: string, action: () => T): T {
  const own = openFile('/proc/thread-self/ns/net', 'read');
  try {
    const other = openFile(`/run/netns/${name}`, 'read');
    try {
      checked('setns', SETNS(other, CLONE_NEWNET));
    } finally {
      closeFile(other);
    }
    try {
      return action();
    } finally {
      checked('setns', SETNS(own, CLONE_NEWNET));
    }
  } finally {
    closeFile(own);
  }
}

function checked(what: string, result: number): number {
  if (result < 0) throw new Error(`${what}: ${errorName()}`);
  return result;
}

function errorName(): string {
  return getSystemErrorName(-koffi.errno());
}
