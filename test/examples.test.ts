import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shunt } from './cli/run-shunt.js';

const README = readFileSync(new URL('../examples/README.md', import.meta.url), 'utf8');
const PREFIX = 'npm start -- ';

/** The commands of the blocks that are marked as `sh`, each on one line. */
const commands = blocks('sh').flatMap((block) =>
  block
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.startsWith(PREFIX)),
);

/** What follows `$ npm start -- ` in the blocks that are marked as `console`, with what it prints. */
const sessions = blocks('console').map((block): [string, string] => {
  const end = block.indexOf('\n');
  return [block.slice(2, end), block.slice(end + 1)];
});

function blocks(language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...README.matchAll(pattern)].map((match) => match[1] ?? '');
}

function wordsOf(command: string): string[] {
  return [...command.slice(PREFIX.length).matchAll(/'([^']*)'|\S+/g)].map((match) => match[1] ?? match[0]);
}

describe('the README of the examples', () => {
  it('shows each way to look at them', () => {
    const verbs = new Set(commands.map((command) => wordsOf(command)[0]));
    expect(verbs).toEqual(new Set(['trace', 'compile', 'test', 'lint', 'get', 'describe', 'expose']));
  });

  it.each(commands)('%s', async (command) => {
    const { code, stdout, stderr } = await shunt(wordsOf(command));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toBe('');
    if (command.includes('examples/shop-plain') && command.includes('--to')) expect(stdout).toMatch(/^DNAT/);
  });

  it.each(sessions)('%s prints what it says', async (command, output) => {
    const { code, stdout, stderr } = await shunt(wordsOf(command));
    expect({ code, text: stdout + stderr }).toEqual({ code: 2, text: output });
    expect(output).toMatch(/^examples\/broken\/[-a-z]+\.yaml:\d+:\d+: (?:error|warning): /);
  });

  it('shows every broken file', () => {
    const files = readdirSync(new URL('../examples/broken/', import.meta.url));
    const shown = sessions.map(([command]) => command.replace(/^.*\//, ''));
    expect(shown.sort()).toEqual(files.sort());
  });
});

describe('the plain manifests', () => {
  it('are without fault, and all of them get what a cluster gives', async () => {
    const { code, stdout, stderr } = await shunt(['lint', '--strict', '-f', 'examples/shop-plain']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/33 Pods, 15 Services, .*: no problems\n$/);
    const read = ['get', 'services', '-f', 'examples/shop-plain', '--load-balancer-pool', 'p=203.0.113.0/24'];
    expect((await shunt(read)).stdout).not.toContain('<pending>');
  });

  it('hold nothing that a cluster gives, but one node port and one address that are asked for', () => {
    const folder = new URL('../examples/shop-plain/', import.meta.url);
    const written = readdirSync(folder)
      .filter((name) => name !== 'nodes.yaml' && name !== 'pods.yaml')
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('');
    const fields = written.match(
      /^ *(?:clusterIPs?|nodePort|healthCheckNodePort|loadBalancerIP|status):.*/gm,
    );
    expect(fields?.map((line) => line.trim()).sort()).toEqual([
      'clusterIP: None',
      'clusterIP: None',
      'loadBalancerIP: 203.0.113.80',
      'nodePort: 30300',
    ]);
    expect(written).not.toContain('kind: EndpointSlice');
  });
});

describe('the demonstration', () => {
  it('fits on a screen or two, and shows what was made of the plain manifests', async () => {
    const { code, stdout, stderr } = await shunt(['demo']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(85);
    expect(lines.filter((line) => line.length > 100)).toEqual([]);
    expect(stdout).toMatch(
      /web +LoadBalancer +10\.96\.\d+\.\d+ +203\.0\.113\.10 +80:\d{5}\/TCP,443:\d{5}\/TCP +2 of 2/,
    );
    expect(stdout).toMatch(/selector +app=orders matches 4 Pods: /);
    expect(stdout).toContain('orders-migrate-h8w2k is not an endpoint: its phase is Succeeded');
  });
});
