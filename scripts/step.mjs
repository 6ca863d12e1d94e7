import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fromRoot } from './root.mjs';

/** A set-up step that failed: its message holds the command's whole output. */
export class StepFailed extends Error {}

/**
 * Runs a command and keeps its output to itself, unless it fails. Says on stderr what takes time.
 * @param {string} title what is done, in the present: `installing dependencies`
 * @param {{ cwd?: string, shell?: boolean, announceAfterMs?: number }} options `announceAfterMs` keeps
 *   a step silent that ends sooner
 */
export async function run(title, command, args, options = {}) {
  const { cwd = fromRoot('.'), shell = false, announceAfterMs = 0 } = options;
  const announce = () => process.stderr.write(`shunt: ${title} ...\n`);
  let timer;
  if (announceAfterMs === 0) announce();
  else timer = setTimeout(announce, announceAfterMs);
  mkdirSync(cwd, { recursive: true });
  const { code, output } = await collect(
    spawn(command, args, { cwd, shell, stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  clearTimeout(timer);
  if (code === 0) return;
  throw new StepFailed(
    `${output.trimEnd()}\n\nshunt: ${title} failed (${code}): ${[command, ...args].join(' ')}`,
  );
}

function collect(child) {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
    });
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: error.code, output: error.message }));
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}
