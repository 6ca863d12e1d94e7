import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FolderReader, FolderSource } from '@shunt/agent';
import { admitManifests } from '@shunt/cluster';
import { ClusterState, formatReference, referenceTo } from '@shunt/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fastClock } from './fast-clock.js';
import { ListLog } from './virtual-agent.js';

let folder: string;
const sources: FolderSource[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shunt-folder-'));
});
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const reader: FolderReader = {
  list() {
    try {
      return {
        files: readdirSync(folder)
          .sort()
          .map((name) => join(folder, name)),
        diagnostics: [],
      };
    } catch {
      const message = `${folder}: no such file or folder`;
      return { files: [], diagnostics: [{ severity: 'error', code: 'file', message }] };
    }
  },
  read: async (files) => ({
    sources: files.map((file) => ({ file, text: readFileSync(file, 'utf8') })),
    diagnostics: [],
  }),
};

interface Followed {
  readonly state: ClusterState;
  readonly log: ListLog;
  readonly source: FolderSource;
  readonly events: string[];
}

async function follow(): Promise<Followed> {
  const state = new ClusterState();
  const log = new ListLog();
  const source = new FolderSource({ paths: [folder], reader, admit: {}, clock: fastClock(20), log });
  sources.push(source);
  const events: string[] = [];
  state.subscribe((event) => {
    const object = event.type === 'deleted' ? event.previous : event.object;
    events.push(`${event.type} ${formatReference(referenceTo(object))}`);
  });
  await new Promise<void>((resolve) => source.start(state, resolve));
  return { state, log, source, events };
}

const write = (name: string, text: string): void => {
  // As careful tools do: readers see the old or the new content.
  writeFileSync(join(folder, `../${name}.new`), text);
  renameSync(join(folder, `../${name}.new`), join(folder, name));
};

const manifest = (name: string, port: number | string, more = ''): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec:\n  ports: [{port: ${port}}]\n${more}`;

const portsOf = ({ state }: Followed): Record<string, number | undefined> =>
  Object.fromEntries(
    state
      .list('Service')
      .map(({ metadata, spec }) => [metadata.name, spec.ports?.[0]?.port] as const)
      .sort(),
  );

const comesTo = (followed: Followed, ports: Record<string, number>): Promise<void> =>
  expect.poll(() => portsOf(followed), { timeout: 10_000, interval: 10 }).toEqual(ports);

const saysInTheEnd = ({ log }: Followed, ...lines: string[]): Promise<void> =>
  expect
    .poll(() => log.lines.map((line) => line.replaceAll(`${folder}/`, '')), { timeout: 10_000 })
    .toEqual(lines);

describe('a folder as a source', () => {
  it('is what admission makes of the same files, and follows them', async () => {
    write('a.yaml', manifest('a', 80));
    write('b.yaml', manifest('b', 80));
    const followed = await follow();
    const files = ['a', 'b'].map((name) => ({ name, text: manifest(name, 80) }));
    expect(new Set(followed.state.list('Service'))).toEqual(
      new Set(admitManifests(files).state.list('Service')),
    );
    followed.events.length = 0;
    write('b.yaml', manifest('b', 81));
    await comesTo(followed, { a: 80, b: 81 });
    rmSync(join(folder, 'a.yaml'));
    write('c.yaml', manifest('c', 82));
    await comesTo(followed, { b: 81, c: 82 });
    expect(followed.events.filter((event) => event.includes('/b'))).toEqual(['modified Service shop/b']);
    expect(followed.source.locate({ kind: 'Service', namespace: 'shop', name: 'c' })?.line).toBe(1);
  });

  it('keeps the last good content of a file that becomes bad, and says so once, with the place', async () => {
    write('a.yaml', manifest('a', 80));
    const followed = await follow();
    write('a.yaml', manifest('a', '70000'));
    await saysInTheEnd(
      followed,
      'error a.yaml:5:18: error: Service shop/a: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'error a.yaml: not taken, what it held before stays in force',
    );
    followed.log.lines.length = 0;
    write('b.yaml', manifest('b', 81));
    await comesTo(followed, { a: 80, b: 81 });
    expect(followed.log.lines).toEqual([]);
    write('a.yaml', manifest('a', 82));
    await comesTo(followed, { a: 82, b: 81 });
    await saysInTheEnd(followed, 'info a.yaml: right again');
  });

  it('takes nothing of a bad file that is new', async () => {
    const followed = await follow();
    write('a.yaml', `${manifest('a', 80)}---\n${manifest('b', '{')}`);
    await expect.poll(() => followed.log.lines.length, { timeout: 10_000 }).toBeGreaterThan(1);
    expect(followed.log.lines.at(-1)).toMatch(/a\.yaml: not taken, nothing of it is in force$/);
    write('c.yaml', manifest('c', 80));
    await comesTo(followed, { c: 80 });
  });

  it('takes what is right at the start, when there is nothing before to keep', async () => {
    write('a.yaml', `${manifest('a', 80)}---\n${manifest('b', '70000')}`);
    const followed = await follow();
    expect(portsOf(followed)).toEqual({ a: 80 });
    expect(followed.log.take()).toHaveLength(1);
  });

  it('keeps out a new file that takes what another one has', async () => {
    const wanted = (port: number): string => `${port}, nodePort: 30080`;
    write('b.yaml', manifest('b', wanted(80), '  type: NodePort\n'));
    const followed = await follow();
    write('a.yaml', manifest('a', wanted(99), '  type: NodePort\n'));
    await expect.poll(() => followed.log.lines.length, { timeout: 10_000 }).toBeGreaterThan(1);
    expect(portsOf(followed)).toEqual({ b: 80 });
    expect(followed.log.lines.at(-1)).toMatch(/a\.yaml: not taken/);
  });

  it('does not count as seen before it can be read', async () => {
    rmSync(folder, { recursive: true });
    const following = follow();
    const early = await Promise.race([following, new Promise((done) => setTimeout(done, 400, 'waiting'))]);
    expect(early).toBe('waiting');
    mkdirSync(folder);
    write('a.yaml', manifest('a', 80));
    const followed = await following;
    expect(portsOf(followed)).toEqual({ a: 80 });
    const waits = 'no rules are written before it can be read';
    expect(followed.log.take()).toEqual([`error error: ${folder}: no such file or folder; ${waits}`]);
  });

  it('keeps everything while the folder is away, and nothing when it is empty', async () => {
    write('a.yaml', manifest('a', 80));
    const followed = await follow();
    renameSync(folder, `${folder}-away`);
    const away = `error error: ${folder}: no such file or folder; what it held before, if anything, stays in force`;
    await saysInTheEnd(followed, away);
    expect(portsOf(followed)).toEqual({ a: 80 });
    mkdirSync(folder);
    await comesTo(followed, {});
    await saysInTheEnd(followed, away, 'info all files can be read again');
    rmSync(`${folder}-away`, { recursive: true });
  });
});
