/** A project of somebody else, which installed the packages as npm would give them to it. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Package, ROOT, workspacePackages } from './workspace.js';

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const PNPM = join(ROOT, '.tools/pnpm/node_modules/pnpm/bin/pnpm.cjs');

/** What is typed against, or run beside the packages, but not installed by them. */
const BESIDE = ['fast-check', 'vitest'];

export const published: readonly Package[] = workspacePackages().filter(
  ({ manifest }) => manifest.private !== true,
);

export interface Outcome {
  /** 0 when all is well. */
  readonly code: number;
  readonly output: string;
}

/** Runs a program and waits; a failure is an outcome, not an exception. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args], { cwd, maxBuffer: 1e8 });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : 1, output: `${stdout}${stderr}` || String(error) };
  }
}

async function must(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, output } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${code}\n${output}`);
  return output;
}

/** Builds the packages, for who runs them as they are built. */
export async function buildPackages(): Promise<void> {
  await must(process.execPath, [TSC, '-b'], ROOT);
}

/** Packs every package from a fresh build and installs the tarballs in an empty folder. */
export class Consumer {
  readonly #home: string;

  private constructor(home: string) {
    this.#home = home;
  }

  static async create(): Promise<Consumer> {
    const consumer = new Consumer(await mkdtemp(join(tmpdir(), 'shunt-consumer-')));
    try {
      await buildPackages();
      await consumer.#install(await consumer.#pack());
      return consumer;
    } catch (error) {
      await consumer.remove();
      throw error;
    }
  }

  async remove(): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }

  /** The files of a package's tarball. */
  async filesOf(name: string): Promise<string[]> {
    const folder = join(this.#home, 'node_modules', name);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
  }

  /** Runs JavaScript, as the user's own module. */
  async javaScript(source: string): Promise<Outcome> {
    await writeFile(join(this.#home, 'main.mjs'), source);
    return run(process.execPath, ['main.mjs'], this.#home);
  }

  /** Type-checks TypeScript, as strictly as a user may, the packages' own declarations included. */
  async typeScript(source: string): Promise<Outcome> {
    await writeFile(join(this.#home, 'main.ts'), source);
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023'];
    const args = [...options, '--skipLibCheck', 'false', '--types', '', 'main.ts'];
    return run(process.execPath, [TSC, '--ignoreConfig', ...args], this.#home);
  }

  /** Type-checks and runs TypeScript, with the library of a browser. */
  async program(source: string): Promise<Outcome> {
    await writeFile(join(this.#home, 'main.ts'), source);
    const options = ['--strict', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2023,dom'];
    const args = ['--ignoreConfig', ...options, '--types', '', 'main.ts'];
    const compiled = await run(process.execPath, [TSC, ...args], this.#home);
    return compiled.code === 0 ? run(process.execPath, ['main.js'], this.#home) : compiled;
  }

  async npx(...args: string[]): Promise<Outcome> {
    return run('npx', ['--no-install', ...args], this.#home);
  }

  async #pack(): Promise<Record<string, string>> {
    const packed = published.map(async ({ folder, manifest }) => {
      await must(process.execPath, [PNPM, 'pack', '--pack-destination', this.#home], join(ROOT, folder));
      return [manifest.name, `file:${tarball(manifest.name, manifest.version)}`] as const;
    });
    return Object.fromEntries(await Promise.all(packed));
  }

  // Third-party packages come from the workspace's own, at the very versions that the lockfile names,
  // so that the test needs no registry (--install-links copies them as a registry's would be).
  async #install(tarballs: Record<string, string>): Promise<void> {
    const thirdParty = new Map<string, string>();
    for (const { folder, manifest } of published) {
      const names = Object.keys(manifest.dependencies ?? {}).filter((name) => !(name in tarballs));
      for (const name of names) await addWithNeeded(name, join(ROOT, folder, 'node_modules'), thirdParty);
    }
    const dependencies = { ...tarballs, ...Object.fromEntries(thirdParty) };
    const manifest = { private: true, type: 'module', dependencies };
    await writeFile(join(this.#home, 'package.json'), JSON.stringify(manifest));
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--offline', '--install-links'];
    await must('npm', ['install', ...quiet, '--omit=peer'], this.#home);
    for (const name of BESIDE) {
      await symlink(join(ROOT, 'node_modules', name), join(this.#home, 'node_modules', name));
    }
  }
}

/** Adds a package of a folder and all that it needs, as npm would have to fetch them otherwise. */
async function addWithNeeded(name: string, folder: string, found: Map<string, string>): Promise<void> {
  if (found.has(name)) return;
  const place = await realpath(join(folder, name));
  found.set(name, `file:${place}`);
  const manifest = JSON.parse(await readFile(join(place, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  // pnpm puts what a package needs beside it.
  const beside = join(place, ...name.split('/').map(() => '..'));
  for (const needed of Object.keys(manifest.dependencies ?? {})) await addWithNeeded(needed, beside, found);
}

function tarball(name: string, version: string): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}
