import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { main } from '@shunt/cli';

export interface ShuntRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process. */
export async function shunt(args: readonly string[], stdin = ''): Promise<ShuntRun> {
  let [stdout, stderr] = ['', ''];
  const code = await main(args, {
    stdout: { write: (text) => void (stdout += text), isTerminal: false, columns: 100 },
    stderr: { write: (text) => void (stderr += text), isTerminal: false, columns: 100 },
    readStdin: (maxBytes) => {
      const bytes = new TextEncoder().encode(stdin);
      return Promise.resolve(bytes.length > maxBytes ? null : bytes);
    },
    now: () => Date.UTC(2025, 5, 1),
    stopped: () => Promise.resolve(),
    env: {},
  });
  return { code, stdout, stderr };
}

/** A folder of files that is gone when `use` is done; names in messages are made relative to it. */
export async function withFiles<Result>(
  files: Readonly<Record<string, string>>,
  use: (path: (name: string) => string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'shunt-cli-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return await use((name) => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * `shunt ARGS` on files: in the arguments, which blanks separate, @NAME stands for the path of a file, and
 * messages name files without their folder.
 */
export async function shuntOn(
  files: Readonly<Record<string, string>>,
  args: string,
  stdin = '',
): Promise<ShuntRun> {
  return withFiles(files, async (path) => {
    const words = args
      .trim()
      .split(' ')
      .map((word) => (word.startsWith('@') ? path(word.slice(1)) : word));
    const { code, stdout, stderr } = await shunt(words, stdin);
    const strip = (text: string): string => text.replaceAll(`${path('')}/`, '').replaceAll(path(''), '');
    return { code, stdout: strip(stdout), stderr: strip(stderr) };
  });
}
