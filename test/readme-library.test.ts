import { readdirSync, readFileSync } from 'node:fs';
import { defaultConfig, emitTable, nodeViewOf, resolve } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { address, loadCluster } from '@shunt/model';
import { expect, test } from 'vitest';

test('the library example of the README holds for the example shop', () => {
  const folder = new URL('../examples/shop/', import.meta.url);
  const files = readdirSync(folder).map((name) => ({
    name,
    text: readFileSync(new URL(name, folder), 'utf8'),
  }));
  const { state, diagnostics } = loadCluster(files);
  const node = state.node('node-a');
  expect(diagnostics).toEqual([]);
  if (node === undefined) throw new Error('node-a is gone');

  const { ruleset } = resolve({ state, node: nodeViewOf(node), config: defaultConfig('nftables') });
  const { image, directory } = emitTable(ruleset, { seed: 0 });

  const dataplane = Dataplane.load(image, { directory });
  const result = dataplane.lookup({
    protocol: 'TCP',
    source: address('198.51.100.7'),
    sourcePort: 40000,
    destination: address('203.0.113.10'),
    destinationPort: 443,
  });
  expect(result).toMatchObject({
    verdict: 'dnat',
    backend: { address: address('10.244.1.10'), port: 8443 },
    masquerade: false,
  });
  expect(result.frontend?.servicePort.name).toBe('web');
});
