// The tests against the real kernel, or those of the given files: `npm run test:kernel -- test/kernel/jhash.test.ts`.
// Who is not root becomes root of namespaces of their own, where most of these tests can run.
import { spawnSync } from 'node:child_process';
import { fromRoot } from './root.mjs';
import { setup } from './setup.mjs';

const NAMESPACES = ['unshare', '--map-root-user', '--net', '--mount'];
/** `ip netns` and iptables' lock need a /run that can be written to, and servers of the tests listen on loopback. */
const PREPARED = ['sh', '-c', 'mount -t tmpfs tmpfs /run && ip link set lo up && exec "$@"', 'sh'];

await setup();
const given = process.argv.slice(2);
const files = given.length === 0 ? ['test/kernel'] : given;
const tests = [process.execPath, fromRoot('node_modules/vitest/vitest.mjs'), 'run', ...files];
if (process.platform !== 'linux' || process.getuid() === 0) {
  process.exitCode = start(tests);
} else if (start([...NAMESPACES, 'true']) === 0) {
  process.exitCode = start([...NAMESPACES, ...PREPARED, ...tests]);
} else {
  console.error('shunt: this user may not make namespaces here, which these tests need; run them as root');
  process.exitCode = 1;
}

/** @returns the exit code */
function start([program, ...args]) {
  return spawnSync(program, args, { stdio: 'inherit', cwd: fromRoot('.') }).status ?? 1;
}
