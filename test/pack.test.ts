import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Consumer, published } from './house/consumer.js';
import { ROOT } from './house/workspace.js';

let consumer: Consumer;

beforeAll(async () => {
  consumer = await Consumer.create();
});
afterAll(() => consumer?.remove());

describe('the packed packages', () => {
  it.each(published.map(({ manifest, folder }) => [manifest.name, folder] as const))(
    '%s has license, readme, code and sources, and no tests',
    async (name, folder) => {
      const files = await consumer.filesOf(name);
      const expected = ['LICENSE', 'README.md', 'dist/index.d.ts', 'dist/index.js', 'src/index.ts'];
      expect(files).toEqual(expect.arrayContaining(expected));
      expect(files.filter((file) => /\.test\.|\.tsbuildinfo$|^node_modules|tsconfig/.test(file))).toEqual([]);
      const built = files.filter((file) => file.startsWith('dist/') && file.endsWith('.js'));
      const sources = built.map((file) => file.replace('dist/', 'src/').replace(/\.js$/, '.ts'));
      // A module in dist without a source is left from an older build: remove dist.
      expect(sources.filter((file) => !existsSync(join(ROOT, folder, file)))).toEqual([]);
    },
  );

  it('work from JavaScript', async () => {
    const { code, output } = await consumer.javaScript(`
      import { formatAddress, parseAddress } from '@shunt/model';
      import { defaultConfig, evaluate } from '@shunt/compiler';
      import '@shunt/dataplane';
      import '@shunt/testing';
      import '@shunt/testing/cases';
      console.log(formatAddress(parseAddress('2001:db8::1')), defaultConfig('iptables').mode, typeof evaluate);
    `);
    expect(output).toBe('2001:db8::1 iptables function\n');
    expect(code).toBe(0);
  });

  it('are typed', async () => {
    const outcome = await consumer.typeScript(`
      import { type Address, formatAddress, parseAddress } from '@shunt/model';
      import { defaultConfig, evaluate, type ProxyConfig } from '@shunt/compiler';
      import * as dataplane from '@shunt/dataplane';
      import * as testing from '@shunt/testing';
      import * as cases from '@shunt/testing/cases';
      const address: Address | null = parseAddress('10.0.0.1');
      const config: ProxyConfig = defaultConfig('nftables');
      export const all = [address === null ? '' : formatAddress(address), config, evaluate];
      export { cases, dataplane, testing };
    `);
    expect(outcome).toEqual({ code: 0, output: '' });
  });

  it('have types that refuse a wrong use', async () => {
    const { code, output } = await consumer.typeScript(`
      import { parseAddress } from '@shunt/model';
      export const address: string = parseAddress(10);
    `);
    expect(code).not.toBe(0);
    expect(output).toContain('main.ts(3,');
  });

  it('run the embedding guide of the dataplane, and print what it says', async () => {
    const guide = readFileSync(join(ROOT, 'packages/dataplane/README.md'), 'utf8');
    const blocks = (language: string): string =>
      [...guide.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
        .filter(([, name]) => name === language)
        .map(([, , text = '']) => text)
        .join('');
    expect(blocks('text')).not.toBe('');
    expect(await consumer.program(blocks('ts'))).toEqual({ code: 0, output: blocks('text') });
  });

  it.each(['@shunt/model/dist/address.js', '@shunt/compiler/src/index.ts', '@shunt/testing/package.json'])(
    '%s is out of reach',
    async (specifier) => {
      const { output } = await consumer.javaScript(`
        await import('${specifier}').catch((error) => console.log(error.code));
      `);
      expect(output).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
    },
  );

  it('bring the shunt command', async () => {
    const { code, output } = await consumer.npx('shunt', '--version');
    expect(output).toMatch(/^\d+\.\d+\.\d+$/m);
    expect(code).toBe(0);
  });
});
