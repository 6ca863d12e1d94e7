import { readLimited } from './input/read-limited.js';
import type { Io, TextOutput } from './io.js';

/** The process's own streams. */
export function processIo(): Io {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    readStdin: (maxBytes) => readLimited(process.stdin, maxBytes),
    now: Date.now,
    stopped,
    env: process.env,
  };
}

/** Until this is asked for, signals end the process as they always do. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

function outputOf(stream: NodeJS.WriteStream): TextOutput {
  // A reader that has seen enough (`| head`) closes the pipe: its wish, no error of ours.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    columns: stream.columns,
  };
}
