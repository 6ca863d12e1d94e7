/** The shunt command as a process: `bin/shunt.js` imports this file, which runs it. */
import { processIo } from './process-io.js';
import { main } from './shunt.js';

// The exit code is set instead of exiting, so that everything written gets out first.
process.exitCode = await main(process.argv.slice(2), processIo());
