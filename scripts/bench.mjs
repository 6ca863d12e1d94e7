// The benchmarks: `npm run bench -- --smoke` for the small sizes.
import { setup } from './setup.mjs';

await setup();
await import('../bench/dist/main.js');
