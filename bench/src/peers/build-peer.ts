/**
 * Builds the native peers with the compiler of this machine, for the processor of this machine. What
 * was built stays in a cache folder, by the sources, the options and the machine.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Peer } from './peer.js';

/** A program, or why there is none. */
export type BuiltPeer = { readonly path: string } | { readonly missing: string };

const SOURCES = fileURLToPath(new URL('../../peers/', import.meta.url));
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/peers/', import.meta.url));
const FLAGS = ['-std=gnu11', '-O3', '-Wall', '-Wextra'];

/** Builds a peer, unless the cache has it. */
export function buildPeer(peer: Peer, compiler = process.env.CC ?? 'cc'): BuiltPeer {
  const version = outputOf(compiler, ['--version']);
  if (version === null) return { missing: `no C compiler: ${compiler} does not run` };
  const options: string[] = [...FLAGS, ...peer.defines.map((define) => `-D${define}`)];
  const libraries: string[] = [];
  for (const library of peer.libraries) {
    const compile = outputOf('pkg-config', ['--cflags', library]);
    const link = outputOf('pkg-config', ['--libs', library]);
    if (compile === null || link === null) return { missing: `pkg-config does not know ${library}` };
    options.push(...words(compile));
    libraries.push(...words(link));
  }
  // Last: a library's own options may name an older processor.
  options.push('-march=native');
  const path = join(CACHE, `${peer.program}-${keyOf(version, [...options, ...libraries])}`);
  if (existsSync(path)) return { path };
  mkdirSync(CACHE, { recursive: true });
  const sources = peer.sources.map((source) => join(SOURCES, source));
  // Under another name first: another run may be looking for it.
  const fresh = `${path}.${process.pid}`;
  const problem = problemOf(compiler, [...options, '-o', fresh, ...sources, ...libraries]);
  if (problem !== null) return { missing: `${compiler} does not build it: ${problem}` };
  renameSync(fresh, path);
  return { path };
}

/** All sources count: which headers a source includes is not asked. */
function keyOf(version: string, options: readonly string[]): string {
  const hash = createHash('sha256').update(`${version}\n${options.join(' ')}\n${cpus()[0]?.model}\n`);
  for (const name of readdirSync(SOURCES).sort()) hash.update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex').slice(0, 16);
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** What a program writes; `null` if it cannot be run, or fails. */
function outputOf(program: string, args: readonly string[]): string | null {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return null;
  }
}

/** The first complaint of a program that fails; `null` if it does not. */
function problemOf(program: string, args: readonly string[]): string | null {
  try {
    execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
    return null;
  } catch (error) {
    const { stderr = '' } = error as { readonly stderr?: string };
    return stderr.split('\n').find((line) => /error/i.test(line)) ?? String(error);
  }
}
