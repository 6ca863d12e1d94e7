/** Which import a file may contain: the package table, said as data, and the check of one file. */
import { posix } from 'node:path';
import { lineAt, readSource } from './source-text.js';
import { isTest } from './workspace.js';

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** What a package's sources may import besides their own files. */
export interface PackageRule {
  readonly shunt: readonly string[];
  readonly thirdParty: readonly string[];
  /** `node:` modules; the packages without run in a browser. */
  readonly node: boolean;
}

export const PACKAGE_RULES: Readonly<Record<string, PackageRule>> = {
  model: { shunt: [], thirdParty: ['ipaddr.js', 'yaml'], node: false },
  compiler: { shunt: ['model'], thirdParty: ['@noble/hashes'], node: false },
  dataplane: { shunt: ['model'], thirdParty: [], node: false },
  cluster: { shunt: ['model'], thirdParty: [], node: false },
  testing: {
    shunt: ['model', 'compiler', 'dataplane', 'cluster'],
    thirdParty: ['fast-check', 'vitest'],
    node: false,
  },
  kernel: { shunt: ['model', 'compiler'], thirdParty: ['koffi'], node: true },
  agent: {
    shunt: ['model', 'compiler', 'cluster', 'kernel'],
    thirdParty: ['@kubernetes/client-node', 'pino', 'prom-client'],
    node: true,
  },
  cli: {
    shunt: ['model', 'compiler', 'dataplane', 'cluster', 'testing', 'kernel', 'agent'],
    thirdParty: ['commander'],
    node: true,
  },
};

/** The entry points that packages declare; anything else below a package's name is its own business. */
export const ENTRY_POINTS: readonly string[] = [
  ...Object.keys(PACKAGE_RULES).map((name) => `@shunt/${name}`),
  '@shunt/testing/cases',
  '@shunt/testing/vitest',
];

const TEST_MODULES = ['fast-check', 'vitest'];

// A quoted text is blank in the code view, so these match its quotes and the source has the rest.
const IMPORT_FORMS = [
  /\bfrom\s*(['"]) *\1/g,
  /\bimport\s*(['"]) *\1/g,
  /\bimport\s*\(\s*(['"`]) *\1/g,
  /\b(?:require(?:\.resolve)?|createRequire\s*\([^()]*\))\s*\(\s*(['"`]) *\1/g,
  /\bnew\s+URL\s*\(\s*(['"`]) *\1(?=\s*,\s*import\.meta\.url)/g,
];

/** Every module that a source names: static, type, dynamic, `require`, and `new URL` beside it. */
export function importsOf(text: string): Import[] {
  const source = readSource(text);
  const found: (Import & { readonly at: number })[] = [];
  for (const form of IMPORT_FORMS) {
    for (const match of source.code.matchAll(form)) {
      const end = match.index + match[0].length - 1;
      const at = source.code.lastIndexOf(match[1] ?? '', end - 1) + 1;
      const specifier = source.whole.slice(at, end);
      // A URL may also name a data file, which is not code.
      if (form.source.includes('URL') && !/\.[mc]?[jt]s$/.test(specifier)) continue;
      found.push({ specifier, line: lineAt(text, at), at });
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ specifier, line }) => ({ specifier, line }));
}

/** The package that a bare specifier belongs to: `@shunt/testing` of `@shunt/testing/cases`. */
export function packageOf(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

export function isRelative(specifier: string): boolean {
  return specifier.startsWith('.');
}

/**
 * What is wrong with the imports of one file.
 * @param path - from the root: `packages/model/src/address.ts`
 * @returns one line a fault, empty when all is well
 */
export function importFaults(path: string, text: string): string[] {
  const faults: string[] = [];
  for (const { specifier, line } of importsOf(text)) {
    const fault = isRelative(specifier) ? relativeFault(path, specifier) : bareFault(path, specifier);
    if (fault !== null) faults.push(`${path}:${line}: '${specifier}': ${fault}`);
  }
  return faults;
}

function relativeFault(path: string, specifier: string): string | null {
  if (path.startsWith('test/')) return null;
  const home = /^(?:packages\/[^/]+|bench)\//.exec(path)?.[0] ?? '';
  const target = posix.join(posix.dirname(path), specifier);
  if (!target.startsWith(home)) return 'leaves its package; import the package by its name';
  const own = outputForm(path);
  const other = outputForm(target);
  if (own !== null && other !== null && own !== other && !isTest(path)) {
    return `the target ${own} must not import the target ${other}`;
  }
  return null;
}

// A folder of the compiler's targets; a file beside them (the list of targets) is none.
function outputForm(path: string): string | null {
  return /^packages\/compiler\/src\/targets\/([^/]+)\//.exec(path)?.[1] ?? null;
}

function bareFault(path: string, specifier: string): string | null {
  if (specifier.startsWith('@shunt/') && !ENTRY_POINTS.includes(specifier)) {
    return 'is not an entry point of a package';
  }
  const home = /^packages\/([^/]+)\//.exec(path)?.[1];
  if (home === undefined) return null; // bench/ and test/ may import everything.
  const rule = PACKAGE_RULES[home];
  if (rule === undefined) return `packages/${home} is not in the table of packages`;
  const test = isTest(path);
  if (specifier.startsWith('node:')) {
    return rule.node || test ? null : `${home} runs in a browser, too: no node: module`;
  }
  const name = packageOf(specifier);
  if (test && (name === '@shunt/testing' || TEST_MODULES.includes(name))) return null;
  const allowed = [...rule.shunt.map((shunt) => `@shunt/${shunt}`), ...rule.thirdParty];
  if (allowed.includes(name)) return null;
  return `${home} may import ${allowed.length === 0 ? 'nothing' : `only ${allowed.join(', ')}`}`;
}
