// The shunt command from a clone: `npm start -- trace --help`; without arguments, the demo. It runs in
// this process, so that its input, output, signals and exit code are its own.
import { setup } from './setup.mjs';

await setup();
if (process.argv.length === 2) process.argv.push('demo');
await import('../packages/cli/bin/shunt.js');
