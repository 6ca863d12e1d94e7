/** From what `-f` was given to the files that are meant. */
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '@shunt/model';
import { expandGlob, isGlob } from './glob.js';

/** Which files of a folder are taken. */
export type FileFilter = (name: string) => boolean;

export const MANIFEST_NAME: FileFilter = (name) => /\.(?:ya?ml|json)$/i.test(name);

export interface FoundFiles {
  /** Each file once, in the order given, a folder's by name; `-` stands for standard input. */
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Finds files, folders (with those below), patterns and `-`. A path that exists is never a pattern.
 * Below a folder, names that begin with a dot are left out (a mounted ConfigMap keeps copies there), and
 * so is node_modules, which is full of JSON.
 */
export function findFiles(paths: readonly string[], filter: FileFilter): FoundFiles {
  const files: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const path of paths) {
    const found = findOne(path, filter);
    if (typeof found === 'string')
      diagnostics.push({
        severity: 'error',
        code: found === EMPTY ? 'empty' : 'file',
        message: `${path}: ${found}`,
      });
    else files.push(...found);
  }
  return { files: withoutRepetition(files), diagnostics };
}

const EMPTY = 'the folder holds no file named *.yaml, *.yml or *.json';

/** The files, or what is wrong. */
function findOne(path: string, filter: FileFilter): string[] | string {
  if (path === '') return 'expected a file, a folder, a pattern or "-", got an empty path';
  if (path === '-') return ['-'];
  const status = statusOf(path);
  if (typeof status !== 'string') {
    if (!status.isDirectory()) return [path];
    return filesOfFolder(path, filter);
  }
  if (!isGlob(path)) return status;
  const matches = expandGlob(path).flatMap((match) => {
    const found = statusOf(match);
    if (typeof found === 'string' || !found.isDirectory()) return [match];
    const inside = filesOfFolder(match, filter);
    return typeof inside === 'string' ? [] : inside;
  });
  return matches.length === 0 ? 'the pattern matches no file' : matches;
}

function filesOfFolder(folder: string, filter: FileFilter): string[] | string {
  try {
    const files = listFolder(folder, filter, new Set());
    return files.length === 0 ? EMPTY : files;
  } catch (error) {
    return describeFileError(error);
  }
}

function listFolder(folder: string, filter: FileFilter, entered: Set<string>): string[] {
  const real = realpathSync(folder);
  if (entered.has(real)) return [];
  entered.add(real);
  const names = readdirSync(folder).filter((name) => !name.startsWith('.') && name !== 'node_modules');
  return names.sort().flatMap((name) => {
    const path = join(folder, name);
    const status = statusOf(path);
    if (typeof status !== 'string' && status.isDirectory()) return listFolder(path, filter, entered);
    // A dangling link with a manifest's name is kept, and reported when it is read.
    return filter(name) ? [path] : [];
  });
}

function statusOf(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return describeFileError(error);
  }
}

/** Says a file system's error in words. */
export function describeFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'no such file or folder';
    case 'ENOTDIR':
      return 'a part of the path is no folder';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read (permission denied)';
    case 'EEXIST':
      return 'is there already, and is not written over';
    case 'EISDIR':
      return 'is a folder, expected a file';
    case 'ELOOP':
      return 'a link that leads to itself';
    case 'ENAMETOOLONG':
      return 'the name is too long';
    default:
      return message;
  }
}

// A file named twice (itself and its folder) would hold every object twice.
function withoutRepetition(files: readonly string[]): string[] {
  const seen = new Set<string>();
  return files.filter((file) => {
    const identity = file === '-' ? file : realPath(file);
    return !seen.has(identity) && seen.add(identity);
  });
}

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
