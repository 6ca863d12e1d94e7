import { type AdmittedManifests, located, withConflicts } from '@shunt/cluster';
import type { Diagnostic } from '@shunt/model';
import type { LoadedInput } from '../input/load-input.js';
import { loadInput } from '../input/load-input.js';
import { type LoadSettings, loadManifests } from '../input/load-manifests.js';
import { STDIN_NAME } from '../input/read-sources.js';
import { EXIT, type Io } from '../io.js';
import type { ClusterOptions } from '../options/cluster-options.js';
import { isLive, type LiveOptions } from '../options/live-options.js';
import type { ManifestOptions } from '../options/manifest-options.js';
import { Report } from '../report.js';

/** What every command gets: where to write, and where its exit code goes. */
export interface CommandContext {
  readonly io: Io;
  exitCode: number;
}

/** What a command reads besides the options that all have. */
export interface Inputs {
  /** Paths behind those of `-f`, as a shell leaves them from `-f *.yaml`. */
  readonly behind: readonly string[];
  /** A further file that the command reads, for which `-` may stand. */
  readonly other?: string | undefined;
  /** Whether the command admits something itself. */
  readonly admitsMore?: boolean;
  /** What is listed of a live cluster besides what rules are made of. */
  readonly more?: LoadSettings['more'];
}

/**
 * Loads what the options name and lets a command answer from it. Everything that is wrong with the
 * input is told first, and nothing is answered when there are errors (or warnings with --strict).
 * @param prepare - makes the answer, of nothing if the manifests are not fit for it; its diagnostics
 *   count like those of the input
 */
export async function answer(
  context: CommandContext,
  options: ClusterOptions,
  inputs: Inputs,
  prepare: (loaded: LoadedInput | null) => Promise<Prepared> | Prepared,
): Promise<void> {
  const load = (paths: readonly string[], report: Report): Promise<LoadedInput | null> =>
    loadInput(paths, options, report, context.io);
  await answerFrom(context, options, inputs, load, ({ manifests }) => manifests, prepare);
}

/** {@link answer} for a command that asks for no node. */
export async function answerManifests(
  context: CommandContext,
  options: ManifestOptions,
  inputs: Inputs,
  prepare: (manifests: AdmittedManifests | null) => Promise<Prepared> | Prepared,
): Promise<void> {
  const load = (paths: readonly string[], report: Report): Promise<AdmittedManifests | null> =>
    loadManifests(paths, options, report, context.io, {
      admitsMore: inputs.admitsMore ?? false,
      more: inputs.more ?? [],
    });
  await answerFrom(context, options, inputs, load, (manifests) => manifests, prepare);
}

async function answerFrom<Loaded>(
  context: CommandContext,
  options: ManifestOptions & { readonly config?: string },
  inputs: Inputs,
  load: (paths: readonly string[], report: Report) => Promise<Loaded | null>,
  manifestsOf: (loaded: Loaded) => AdmittedManifests,
  prepare: (loaded: Loaded | null) => Promise<Prepared> | Prepared,
): Promise<void> {
  const { io } = context;
  const report = new Report();
  const paths = [...(options.filename ?? []), ...inputs.behind];
  const problem = inputProblem(paths, options, inputs);
  if (problem !== null) {
    report.add([problem]);
    report.print(io);
    context.exitCode = EXIT.unusable;
    return;
  }
  const loaded = await load(paths, report);
  const { diagnostics, output } = await prepare(loaded);
  if (loaded === null) report.add(diagnostics);
  else report.add(located(withConflicts(diagnostics, manifestsOf(loaded)), manifestsOf(loaded)));
  report.print(io);
  if (report.stops(options.strict)) {
    context.exitCode = EXIT.unusable;
    return;
  }
  for await (const text of output()) io.stdout.write(text);
}

/** What is wrong before anything is read. */
export function inputProblem(
  paths: readonly string[],
  { config, ...live }: LiveOptions & { readonly config?: string },
  { other }: Inputs,
): Diagnostic | null {
  if (isLive(live)) {
    if (paths.length === 0) return null;
    const message = `either manifests or a live cluster: leave out ${paths[0]}, or --kubeconfig and --context`;
    return { severity: 'error', code: 'cluster', message };
  }
  if (paths.length === 0) {
    const message = 'no manifests: name files or folders with -f, or "-f -" for standard input';
    return { severity: 'error', code: 'empty', message };
  }
  const readers = [paths.find((path) => path === '-'), config, other].filter((path) => path === '-');
  if (readers.length < 2) return null;
  const message = `${STDIN_NAME}: can be read once only: give all but one of the options with - a file`;
  return { severity: 'error', code: 'file', message };
}

/** An answer that is ready to be printed, unless its diagnostics forbid it. */
export interface Prepared {
  readonly diagnostics: readonly Diagnostic[];
  readonly output: () => Iterable<string> | AsyncIterable<string>;
}
