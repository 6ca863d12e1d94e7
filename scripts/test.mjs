// All tests, or those of the given files: `npm test -- packages/model`.
import { setup } from './setup.mjs';

await setup();
process.argv.splice(2, 0, 'run');
await import('../node_modules/vitest/vitest.mjs');
