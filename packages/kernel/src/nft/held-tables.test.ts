import { describe, expect, it } from 'vitest';
import { CommandError } from '../command/command-runner.js';
import { FakeRunner } from '../command/fake-runner.js';
import { heldTables } from './held-tables.js';

const listing = (stdout: string): FakeRunner => new FakeRunner(() => ({ status: 0, stdout, stderr: '' }));

describe('the tables of the nftables driver', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    ['table ip shunt\ntable ip6 shunt\n', ['ip shunt', 'ip6 shunt']],
    ['table ip6 shunt\ntable inet shunt\ntable ip shunt-of-mine\ntable ip kube-proxy\n', ['ip6 shunt']],
  ])('are found by name and family in %j', async (stdout, tables) => {
    expect(await heldTables({ runner: listing(stdout) })).toEqual(tables);
  });

  it('cannot be looked for without nft, or without the right to', async () => {
    const missing = new FakeRunner(() => {
      throw new CommandError('nft', 'missing', 'is not on the PATH');
    });
    await expect(heldTables({ runner: missing })).rejects.toThrow('nft: is not on the PATH');
    const stderr = 'Operation not permitted (you must be root)\n';
    const refused = new FakeRunner(() => ({ status: 1, stdout: '', stderr }));
    await expect(heldTables({ runner: refused })).rejects.toThrow(/nft may not .* needs root/);
  });
});
