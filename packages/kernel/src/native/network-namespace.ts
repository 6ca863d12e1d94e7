/** The network namespace of what this thread opens. */
import { closeSync, openSync } from 'node:fs';
import { DriverError } from '../rule-driver.js';
import type { Libc } from './libc.js';

const CLONE_NEWNET = 0x40000000;

/**
 * Makes something that belongs to the namespace which its thread is in when it is made: a socket. It has to be made
 * at once, so that nothing else runs there.
 * @param namespace - its file, as `/run/netns/NAME`; `null`: that of this process
 * @throws {DriverError} if there is no such namespace, or it may not be entered
 */
export function inNamespace<T>(libc: Libc, namespace: string | null, make: () => T): T {
  if (namespace === null) return make();
  const files: number[] = [];
  const open = (path: string): number => {
    const file = openSync(path, 'r');
    files.push(file);
    return file;
  };
  try {
    const home = open('/proc/thread-self/ns/net');
    if (libc.setns(open(namespace), CLONE_NEWNET) !== 0) throw new Error(errorText(libc.errno()));
    try {
      return make();
    } finally {
      libc.setns(home, CLONE_NEWNET);
    }
  } catch (error) {
    const message = `${namespace} cannot be entered: ${(error as Error).message}`;
    throw new DriverError(message, null, null, { cause: error });
  } finally {
    for (const file of files) closeSync(file);
  }
}

/** @param error - of errno.h */
export function errorText(error: number): string {
  return error === EPERM ? 'it needs root, or the capability NET_ADMIN' : `error ${error}`;
}

const EPERM = 1;
