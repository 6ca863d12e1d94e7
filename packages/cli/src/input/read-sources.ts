import { createReadStream, statSync } from 'node:fs';
import type { Diagnostic, DiagnosticCode } from '@shunt/model';
import type { Io } from '../io.js';
import { formatSize } from '../options/size.js';
import { describeFileError } from './find-files.js';
import { readLimited } from './read-limited.js';

export interface SourceFile {
  /** As it was given; `<stdin>` for standard input. */
  readonly file: string;
  readonly text: string;
}

export interface ReadSources {
  readonly sources: readonly SourceFile[];
  readonly diagnostics: readonly Diagnostic[];
}

export const STDIN_NAME = '<stdin>';

/** Reads whole files as UTF-8; `-` is standard input. What cannot be read is a diagnostic each. */
export async function readSources(files: readonly string[], maxBytes: number, io: Io): Promise<ReadSources> {
  const sources: SourceFile[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const path of files) {
    const file = path === '-' ? STDIN_NAME : path;
    const text = await readText(path, maxBytes, io);
    if (typeof text === 'string') sources.push({ file, text });
    else if (text.code === 'empty') {
      const position = { file, line: 1, column: 1 };
      diagnostics.push({ severity: 'error', code: text.code, message: text.problem, position });
    } else diagnostics.push({ severity: 'error', code: text.code, message: `${file}: ${text.problem}` });
  }
  return { sources, diagnostics };
}

interface Problem {
  readonly code: DiagnosticCode;
  readonly problem: string;
}

async function readText(path: string, maxBytes: number, io: Io): Promise<string | Problem> {
  const tooLarge = (size: string): Problem => ({
    code: 'too-large',
    problem: `is ${size} than --max-file-size ${formatSize(maxBytes)}`,
  });
  try {
    if (path !== '-') {
      const { size } = statSync(path);
      if (size > maxBytes) return tooLarge(`${formatSize(size)}, more`);
    }
    // Also a plain file is read with a limit: it may grow, or be a pipe that knows no size.
    const bytes =
      path === '-' ? await io.readStdin(maxBytes) : await readLimited(createReadStream(path), maxBytes);
    if (bytes === null) return tooLarge('more');
    if (bytes.length === 0)
      return { code: 'empty', problem: path === '-' ? 'standard input is empty' : 'the file is empty' };
    return decode(bytes);
  } catch (error) {
    return { code: 'file', problem: describeFileError(error) };
  }
}

function decode(bytes: Uint8Array): string | Problem {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      return { code: 'syntax', problem: 'is not UTF-8 text' };
    }
    // Longer than the longest string.
    return {
      code: 'too-large',
      problem: `is too large to be held as one text (${formatSize(bytes.length)})`,
    };
  }
}
