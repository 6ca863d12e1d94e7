/** What the code of this repository does not contain, with what to write instead and why. */
import { posix } from 'node:path';
import { lineAt, readSource, type SourceText } from './source-text.js';
import { isTest } from './workspace.js';

interface Ban {
  readonly name: string;
  readonly instead: string;
  readonly reason: string;
  /** Where it is banned, by the path from the root. */
  readonly where: (path: string) => boolean;
  readonly view: keyof SourceText;
  /** Global. */
  readonly pattern: RegExp;
}

const isCode = (path: string): boolean => /\.[mc]?[jt]s$/.test(path);
const isPure = (path: string): boolean =>
  /^packages\/(?:model|compiler|dataplane|cluster)\/src\//.test(path) && isCode(path) && !isTest(path);
const isConfiguration = (path: string): boolean => path === 'vitest.config.ts';
const isLockfile = (path: string): boolean => path === 'pnpm-lock.yaml';

const RUNS_ANYWHERE = 'the package runs in a browser and gives the same output for the same input';

export const BANS: readonly Ban[] = [
  {
    name: 'Math.random',
    instead: 'a seed from the caller, or fast-check',
    reason: 'a run that cannot be repeated proves nothing',
    where: isCode,
    view: 'code',
    pattern: /\bMath\s*\.\s*random\b/g,
  },
  {
    name: 'the clock',
    instead: 'a time given by the caller',
    reason: RUNS_ANYWHERE,
    where: isPure,
    view: 'code',
    pattern: /\bDate\s*\.\s*now\b|\bnew\s+Date\b(?!\s*\(\s*[^\s)])|\bperformance\s*\.\s*now\b/g,
  },
  {
    name: 'console',
    instead: 'a Diagnostic, or a value returned',
    reason: 'a library does not print',
    where: isPure,
    view: 'code',
    pattern: /(?<![\w$.])console\b/g,
  },
  {
    name: 'process',
    instead: 'an option given by the caller',
    reason: RUNS_ANYWHERE,
    where: isPure,
    view: 'code',
    pattern: /(?<![\w$.])process\s*\??[.[]/g,
  },
  {
    name: 'Buffer',
    instead: 'Uint8Array or Uint32Array',
    reason: RUNS_ANYWHERE,
    where: isPure,
    view: 'code',
    pattern: /(?<![\w$.])Buffer\b/g,
  },
  {
    name: 'any',
    instead: 'unknown, and a check that narrows it',
    reason: 'any switches the type check off for all that it touches',
    where: isCode,
    view: 'code',
    pattern: /(?::\s*|\bas\s+|[<|&]\s*)any\b(?!\s*[(:=])|,\s*any\s*>|(?<![\w$.])any\[\]/g,
  },
  {
    name: 'default export',
    instead: 'a named export',
    reason: 'a thing has one name, wherever it is imported',
    where: (path) => isCode(path) && !isConfiguration(path),
    view: 'code',
    pattern: /\bexport\s+default\b|\bas\s+default\b/g,
  },
  {
    name: 'unfinished work',
    instead: 'the work itself, or an issue',
    reason: 'what is written down in a comment is never found again',
    where: isCode,
    view: 'comments',
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/g,
  },
  {
    name: 'a test left out',
    instead: 'a test that runs, or none; it.skipIf where the machine decides',
    reason: 'a test that does not run says nothing, and looks as if it did',
    where: isCode,
    view: 'code',
    pattern: /\.(?:skip|only|todo)\b(?=\s*[.(`])/g,
  },
  {
    name: 'a line over 120 columns',
    instead: 'a line break',
    reason: 'two files fit beside each other; a message stays whole, so that it can be searched for',
    where: isCode,
    view: 'whole',
    pattern: /^[^'"`\n]{121,}$/gm,
  },
  {
    name: "a path of somebody's machine",
    instead: 'a path from the root of the repository',
    reason: 'nobody else has it',
    where: (path) => !isLockfile(path),
    view: 'whole',
    pattern: /(?<![\w.:/@-])[/](?:home|root|Users|work|tmp[/]wt)[/]\w/g,
  },
];

const VAGUE_NAMES = /^(?:utils?|helpers?|common|misc|shared)\b/;

/** What is wrong with one file, one line a fault; empty when all is well. */
export function banFaults(path: string, text: string): string[] {
  const faults: string[] = [];
  const source = isCode(path) ? readSource(text) : { whole: text, code: '', comments: '' };
  for (const ban of BANS.filter(({ where }) => where(path))) {
    for (const match of source[ban.view].matchAll(ban.pattern)) {
      const line = lineAt(text, match.index);
      faults.push(`${path}:${line}: ${ban.name}; write ${ban.instead}: ${ban.reason}`);
    }
  }
  if (VAGUE_NAMES.test(posix.basename(path))) {
    faults.push(`${path}: a name for anything; name the file for its main export`);
  }
  return [...faults, ...outsidePaths(path, text)];
}

// Paths that climb out of the repository: true on one machine only. The lockfile's are not from itself.
function outsidePaths(path: string, text: string): string[] {
  if (isLockfile(path)) return [];
  const climbs = [...text.matchAll(/(?<![\w./])(?:\.\.\/)+[\w.-]*/g)];
  return climbs
    .filter((match) => posix.join(posix.dirname(path), match[0]).startsWith('../'))
    .map((match) => `${path}:${lineAt(text, match.index)}: ${match[0]} is outside of the repository`);
}
