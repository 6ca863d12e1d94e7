import { SIZES, type Size } from './suites/suite.js';

/** What the command line asks for. */
export interface Options {
  readonly size: Size;
  readonly files: OptionFiles;
  readonly suites: readonly string[];
}

/** Names of files; `null`: the flag is absent. */
export interface OptionFiles {
  /** Where to write the report as JSON. */
  readonly json: string | null;
  /** Where to write it as a page. */
  readonly html: string | null;
  /** A report of an earlier run, as `json` writes it. */
  readonly compare: string | null;
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `usage: npm run bench [SUITE...] [-- [--smoke | --full] [--json FILE] [--compare FILE] [--html FILE]]

suites: compile        objects to a loaded table, and every phase alone
        churn          changes: from the event until packets see it, restarts, readers, growth
        lookup         packets to verdicts, each way there is
        flow           packets of flows that are there
        memory         bytes of a match table, by service, endpoint and flow
        balance        pools: build, change, pick, evenness, which flows a change moves
        control-plane  manifests to endpoints, single changes, allocation
        kernel         rules in the kernel: loads, changes, new connections; as root
        quick          one line, in seconds; alone and without options
without a name: all but quick

--smoke         tiny and short: whether everything runs and agrees; its times mean nothing
--full          larger and longer, for numbers to quote
--json FILE     writes all numbers, with machine, runtime and commit
--compare FILE  compares with such a file of an earlier run; ends with 1 if something got slower
--html FILE     writes a page with plots
`;

const FILE_FLAGS = ['json', 'html', 'compare'] as const;

/**
 * Reads the command line.
 * @param suiteNames - in the order to run them
 * @throws {UsageError} for a flag or suite that there is not
 */
export function parseOptions(args: readonly string[], suiteNames: readonly string[]): Options {
  const sizes = new Set<Size>();
  const wanted = new Set<string>();
  const files: Record<(typeof FILE_FLAGS)[number], string | null> = { json: null, html: null, compare: null };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    const flag = FILE_FLAGS.find((name) => arg === `--${name}` || arg.startsWith(`--${name}=`));
    if (flag !== undefined) {
      const value = arg.includes('=') ? arg.slice(arg.indexOf('=') + 1) : args[++index];
      files[flag] = fileNameOf(`--${flag}`, value);
    } else if (arg === '--smoke') sizes.add(SIZES.smoke);
    else if (arg === '--full') sizes.add(SIZES.full);
    else if (suiteNames.includes(arg)) wanted.add(arg);
    else throw new UsageError(`${arg.startsWith('-') ? 'flag' : 'suite'} ${arg} is not known`);
  }
  if (sizes.size > 1) throw new UsageError('--smoke and --full exclude each other');
  const [size = SIZES.default] = sizes;
  return { size, files, suites: suiteNames.filter((name) => wanted.size === 0 || wanted.has(name)) };
}

function fileNameOf(flag: string, value: string | undefined): string {
  if (value === undefined || value === '' || value.startsWith('--')) {
    throw new UsageError(`${flag} expected a file name`);
  }
  return value;
}
