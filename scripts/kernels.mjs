// Builds the WebAssembly kernels of the dataplane: the numbers of the formats from the built model as
// AssemblyScript constants, then asc, then the module's bytes as a source of the dataplane. Skipped when nothing of what
// goes in has changed.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { fromRoot } from './root.mjs';
import { StepFailed } from './step.mjs';

const folder = 'packages/dataplane/assembly';
const output = 'packages/dataplane/src/wasm/kernel-bytes.ts';
const constants = 'formats.ts';

// asc's options that matter: memory is the caller's, shared, and nothing of a runtime is in it.
const OPTIONS = [
  '--optimizeLevel=3',
  '--shrinkLevel=0',
  '--converge',
  '--noAssert',
  '--runtime=stub',
  '--enable=simd,threads,bulk-memory',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory=1',
  '--maximumMemory=65536',
  '--memoryBase=1024',
  '--use=abort=',
];

/** Whether kernel-bytes.ts is that of other sources, or not there. */
export function kernelsAreStale() {
  return !existsSync(fromRoot(output)) || !readFileSync(fromRoot(output), 'utf8').includes(stamp());
}

/** Builds kernel-bytes.ts. The model has to be built before. */
export async function buildKernels() {
  const sources = sourcesOf(folder);
  const formats = await formatConstants();
  // For editors, and to be read; asc gets the same text.
  writeFileSync(fromRoot(`${folder}/${constants}`), formats);
  const bytes = await compile(new Map([...sources, [constants, formats]]));
  mkdirSync(fromRoot('packages/dataplane/src/wasm'), { recursive: true });
  writeFileSync(fromRoot(output), source(bytes));
}

async function compile(sources) {
  const { main } = await import('assemblyscript/asc');
  let bytes = null;
  let diagnostics = '';
  const files = new Map([...sources].map(([name, text]) => [`assembly/${name}`, text]));
  const { error } = await main(
    ['assembly/index.ts', '--outFile', 'kernels.wasm', ...OPTIONS, '--baseDir', '.'],
    {
      readFile: (name) => files.get(name.replaceAll('\\', '/').replace(/^\.\//, '')) ?? null,
      writeFile: (name, contents) => {
        if (name.endsWith('.wasm')) bytes = contents;
      },
      listFiles: () => [],
      stderr: { write: (text) => (diagnostics += text) },
      stdout: { write: () => true },
    },
  );
  if (error !== null || bytes === null) {
    throw new StepFailed(`${diagnostics}\nshunt: building the kernels of ${folder} failed`);
  }
  return bytes;
}

/** Every number and every place in a list that the model exports under a constant's name. */
async function formatConstants() {
  const model = await import(pathToFileURL(fromRoot('packages/model/dist/index.js')).href);
  const lines = ['// Made from what @shunt/model exports: see scripts/kernels.mjs.'];
  const put = (name, value) => lines.push(`export const ${name}: u32 = 0x${value.toString(16)};`);
  for (const name of Object.keys(model).sort()) {
    if (!/^[A-Z][A-Z0-9_]*$/.test(name)) continue;
    const value = model[name];
    if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) put(name, value);
  }
  const nameOf = (text) =>
    text
      .replace(/([a-z])(?=[A-Z0-9])/g, '$1_')
      .replaceAll('-', '_')
      .toUpperCase();
  for (const [name, value] of Object.entries(model.ROOT_POSITION)) put(`ROOT_${nameOf(name)}`, value);
  const putAll = (prefix, names) => {
    for (const [index, name] of names.entries()) put(`${prefix}_${nameOf(name)}`, index);
  };
  putAll('VERDICT_IS', model.VERDICTS);
  putAll('ORIGIN', model.ORIGINS);
  putAll('BY', model.DECIDED_BY);
  return `${lines.join('\n')}\n`;
}

/** All sources of a folder by name, but for tests and what is made here. */
function sourcesOf(folder) {
  const names = readdirSync(fromRoot(folder), { recursive: true })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== constants);
  return new Map(names.sort().map((name) => [name, readFileSync(fromRoot(`${folder}/${name}`), 'utf8')]));
}

// Hashing sources takes milliseconds; to ask the built model would take a build of it first, at each start.
function stamp() {
  const { version } = JSON.parse(readFileSync(fromRoot('node_modules/assemblyscript/package.json'), 'utf8'));
  const hash = createHash('sha256');
  const parts = [folder, 'packages/model/src'].flatMap((it) => [...sourcesOf(it)].flat());
  for (const part of [...parts, readFileSync(import.meta.filename, 'utf8'), version])
    hash.update(`${part}\0`);
  return hash.digest('hex');
}

function source(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 20) lines.push(`  ${bytes.slice(at, at + 20).join(', ')},`);
  return `// Built from packages/dataplane/assembly by scripts/kernels.mjs.\n// ${stamp()}

/** The WebAssembly module of the kernels. */
export const KERNEL_BYTES = new Uint8Array([
${lines.join('\n')}
]);
`;
}
