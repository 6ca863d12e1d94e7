// Whether node_modules is what the lockfile and the manifests ask for. pnpm can tell as well, but takes
// a second to; a hash of what it would read takes a millisecond.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fromRoot } from './root.mjs';

const stampFile = fromRoot('node_modules/.shunt-setup');

export function dependenciesAreFresh() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp();
}

export function rememberDependencies() {
  writeFileSync(stampFile, stamp());
}

function stamp() {
  const hash = createHash('sha256');
  const inputs = ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', 'package.json'];
  inputs.push(...packages().map((name) => `${name}/package.json`));
  for (const input of inputs)
    hash
      .update(`${input}\0`)
      .update(readFileSync(fromRoot(input)))
      .update('\0');
  // Native packages are chosen by platform and Node version.
  return `${hash.digest('hex')} ${process.version} ${process.platform} ${process.arch}\n`;
}

function packages() {
  const folders = readdirSync(fromRoot('packages')).sort();
  const found = [...folders.map((folder) => `packages/${folder}`), 'bench'];
  return found.filter((name) => existsSync(fromRoot(`${name}/package.json`)));
}
