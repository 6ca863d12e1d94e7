import type { Diagnostic } from '@shunt/model';
import type { LoadedInput } from '../input/load-input.js';
import { loadInput, located } from '../input/load-input.js';
import { EXIT, type Io } from '../io.js';
import type { ClusterOptions } from '../options/cluster-options.js';
import { Report } from '../report.js';

/** What every command gets: where to write, and where its exit code goes. */
export interface CommandContext {
  readonly io: Io;
  exitCode: number;
}

/**
 * Loads what the options name and lets a command answer from it. Everything that is wrong with the
 * input is told first, and nothing is answered when there are errors (or warnings with --strict).
 * @param prepare - makes the answer; its diagnostics count like those of the input
 */
export async function answer(
  context: CommandContext,
  options: ClusterOptions,
  prepare: (loaded: LoadedInput) => Promise<Prepared> | Prepared,
): Promise<void> {
  const { io } = context;
  const report = new Report();
  const paths = options.filename ?? [];
  if (paths.length === 0) {
    report.add([
      {
        severity: 'error',
        code: 'empty',
        message: 'no manifests: name files or folders with -f, or "-f -" for standard input',
      },
    ]);
    report.print(io);
    context.exitCode = EXIT.unusable;
    return;
  }
  const loaded = await loadInput(paths, options, report, io);
  const prepared = loaded === null ? null : await prepare(loaded);
  if (loaded !== null && prepared !== null) report.add(located(prepared.diagnostics, loaded.cluster));
  report.print(io);
  if (prepared === null || report.stops(options.strict)) {
    context.exitCode = EXIT.unusable;
    return;
  }
  for (const text of prepared.output()) io.stdout.write(text);
}

/** An answer that is ready to be printed, unless its diagnostics forbid it. */
export interface Prepared {
  readonly diagnostics: readonly Diagnostic[];
  readonly output: () => Iterable<string>;
}
