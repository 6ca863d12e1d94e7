// The command: `npm run bench`, see README.md.
import { run } from './run.js';

process.exitCode = await run(process.argv.slice(2), new Date(), {
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
});
