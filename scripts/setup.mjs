// Makes a fresh clone runnable with nothing but Node and npm: the pinned pnpm, the dependencies, the
// build. Every step is skipped when its result is already there, so that a second run is silent, quick
// and needs no network.
import { existsSync, readFileSync } from 'node:fs';
import { dependenciesAreFresh, rememberDependencies } from './dependencies.mjs';
import { buildKernels, kernelsAreStale } from './kernels.mjs';
import { withLock } from './lock.mjs';
import { checkNodeVersion } from './node-version.mjs';
import { fromRoot } from './root.mjs';
import { run, StepFailed } from './step.mjs';

const pnpm = fromRoot('.tools/pnpm/node_modules/pnpm/bin/pnpm.cjs');
const tsc = fromRoot('node_modules/typescript/bin/tsc');

/** Brings tools, dependencies and build up to date; ends the process with code 1 when it cannot. */
export async function setup() {
  const problem = checkNodeVersion(process.versions.node, manifest('package.json').engines.node);
  if (problem !== null) return fail(problem);
  try {
    await withLock(fromRoot('.tools/setup.lock'), async () => {
      await installPnpm(manifest('package.json').packageManager);
      await installDependencies();
      await build();
    });
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    fail(error.message);
  }
}

async function installPnpm(pinned) {
  const version = pinned.replace(/^pnpm@|\+.*$/g, '');
  const installed = '.tools/pnpm/node_modules/pnpm/package.json';
  if (existsSync(fromRoot(installed)) && manifest(installed).version === version) return;
  const args = ['install', '--prefix', '.', `pnpm@${version}`, '--no-audit', '--no-fund'];
  // On Windows npm is a .cmd file, which only a shell can start.
  const shell = process.platform === 'win32';
  await run(`installing pnpm ${version}`, 'npm', args, { cwd: fromRoot('.tools/pnpm'), shell });
}

async function installDependencies() {
  if (dependenciesAreFresh()) return;
  const args = ['install', '--frozen-lockfile', '--prefer-offline', '--config.confirm-modules-purge=false'];
  // NODE_ENV=production would leave out the tools that build and test.
  args.push('--prod=false');
  await run('installing dependencies', process.execPath, [pnpm, ...args]);
  rememberDependencies();
}

async function build() {
  const cold = !existsSync(fromRoot('packages/model/dist/.tsbuildinfo'));
  if (kernelsAreStale()) {
    // The kernels are built with the model's numbers, and are a source of the dataplane.
    await run('building the model', process.execPath, [tsc, '-b', 'packages/model'], {
      announceAfterMs: 1000,
    });
    await buildKernels();
  }
  await run('building', process.execPath, [tsc, '-b'], { announceAfterMs: cold ? 0 : 1000 });
}

function manifest(path) {
  return JSON.parse(readFileSync(fromRoot(path), 'utf8'));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
