/** System calls, where koffi is installed. */

export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  send(socket: number, bytes: Buffer, length: number, flags: number): number;
  recv(socket: number, bytes: Buffer, length: number, flags: number): number;
  setsockopt(socket: number, level: number, name: number, value: Buffer, length: number): number;
  setns(file: number, type: number): number;
  errno(): number;
}

/** @returns `null` if koffi is not installed, or has nothing for this machine */
export async function loadLibc(): Promise<Libc | null> {
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
