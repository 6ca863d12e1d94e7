import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildPeer } from './build-peer.js';
import { NativePeer, PeerFailure } from './native-peer.js';
import { LOOKUP_PEERS, type Peer } from './peer.js';
import { startPeers } from './start-peers.js';

const NOTHING = new Uint32Array();

/** A peer that is a shell script. */
function script(lines: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'shunt-bench-')), 'peer');
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}

function start(lines: string): Promise<NativePeer> {
  return NativePeer.start('script', script(lines), NOTHING, NOTHING);
}

describe('a native peer', () => {
  it('is heard out until it is ready, and then asked', async () => {
    const peer = await start(
      'echo a library says hello\necho ready\nread line; echo 1000 4\nread line; echo 77',
    );
    expect(await peer.round(5)).toBe(250);
    expect(await peer.bytes()).toBe(77);
    peer.close();
  });

  it('gives its words to the program, and takes verdicts from its file', async () => {
    const program = script('echo ready\nread word file\ncat "$1" "$2" > "$file"\necho done');
    const peer = await NativePeer.start('copy', program, Uint32Array.of(1, 2), Uint32Array.of(3));
    expect(await peer.verdicts()).toEqual(Uint32Array.of(1, 2, 3));
    peer.close();
  });

  it('fails with its last words when it ends', async () => {
    await expect(start('echo no memory >&2\nexit 3')).rejects.toThrow('script ended with 3: no memory');
    const peer = await start('echo ready\nread line\nexit 4');
    await expect(peer.round(1)).rejects.toThrow('script ended with 4');
    await expect(peer.round(1)).rejects.toThrow(PeerFailure);
    peer.close();
  });

  it('fails when there is no such program, or it answers with nonsense', async () => {
    await expect(NativePeer.start('none', '/nowhere/none', NOTHING, NOTHING)).rejects.toThrow(PeerFailure);
    const peer = await start('echo ready\nread line\necho what');
    await expect(peer.round(1)).rejects.toThrow('script answered a round with "what"');
    peer.close();
  });
});

describe('peers that cannot be built', () => {
  const [own] = LOOKUP_PEERS.IPv4 as readonly [Peer];

  it('are told with the reason', () => {
    expect(buildPeer(own, 'no-such-compiler')).toEqual({
      missing: 'no C compiler: no-such-compiler does not run',
    });
    // A program that runs, but is none.
    expect(buildPeer(own, script('[ "$1" = --version ] || { echo "error: no" >&2; exit 1; }'))).toEqual({
      missing: expect.stringMatching(/does not build it: error: no$/),
    });
  });

  it('are left out with a notice', async () => {
    const notices: string[] = [];
    const peer = { ...own, name: 'wanted', libraries: ['no-such-library'] };
    const started = await startPeers(
      [peer],
      () => NOTHING,
      NOTHING,
      (text) => notices.push(text),
    );
    expect(started).toEqual([]);
    expect(notices).toEqual([expect.stringMatching(/^wanted is left out: /)]);
  });
});
