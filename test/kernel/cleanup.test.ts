/** `shunt cleanup` after `shunt apply`, in a network namespace of its own. */
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, shuntIn } from './agent-process.js';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';

const VARIANTS = ['legacy', 'nft'] as const;
const TOOLS = ['ip', 'nft', 'nsenter', 'iptables-legacy-restore', 'iptables-nft-restore'];
const missing = missingPrerequisite(TOOLS);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`cleanup is not tested against this kernel: the test ${missing}`);

const MANIFESTS = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { clusterIP: 10.96.0.10, ports: [{ name: p, port: 80 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: p, port: 8080 }]
endpoints: [{ addresses: [10.244.0.5] }]
`;

describe.skipIf(skipped)('shunt cleanup', () => {
  let namespace: NetworkNamespace;
  let folder: string;

  beforeAll(() => {
    if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
    folder = mkdtempSync(join(tmpdir(), 'shunt-cleanup-'));
    writeFileSync(join(folder, 'shop.yaml'), MANIFESTS);
    namespace = new NetworkNamespace('cleanup');
  });
  beforeEach(() => {
    namespace.run('nft', ['flush', 'ruleset']);
    expect(shuntIn(namespace, ['cleanup', '--target', 'iptables']).code).toBe(0);
  });
  afterAll(() => {
    namespace?.remove();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  const apply = (...more: readonly string[]): void => {
    const fixed = ['-f', join(folder, 'shop.yaml'), '--node', 'a', '--node-ip', '192.0.2.10'];
    expect(shuntIn(namespace, ['apply', ...fixed, ...more])).toMatchObject({ code: 0, stderr: '' });
  };
  const cleanup = (...more: readonly string[]): Ended => shuntIn(namespace, ['cleanup', ...more]);
  const tables = (): string => namespace.run('nft', ['list', 'tables']);
  const saved = (variant: (typeof VARIANTS)[number]): string =>
    namespace.run(`iptables-${variant}-save`, []) + namespace.run(`ip6tables-${variant}-save`, []);

  it('removes the tables, says which, and says where there is nothing', () => {
    namespace.run('nft', ['add', 'table', 'ip', 'mine']);
    apply();
    namespace.run('nft', ['delete', 'table', 'ip6', 'shunt']);
    expect(cleanup()).toEqual({
      code: 0,
      stdout:
        'nftables: removed table ip shunt\niptables-legacy: nothing to remove\niptables-nft: nothing to remove\n',
      stderr: '',
    });
    expect(tables()).toBe('table ip mine\n');
    expect(cleanup('--target', 'nftables')).toEqual({
      code: 0,
      stdout: 'nftables: nothing to remove\n',
      stderr: '',
    });
  });

  it.each(VARIANTS)(
    "leaves the chains of iptables-%s, which may be a kube-proxy's, and names them and what removes them",
    (variant) => {
      apply();
      apply('--proxy-mode', 'iptables', '--iptables-variant', variant);
      const before = saved(variant);
      const { code, stdout, stderr } = cleanup();
      expect(code).toBe(1);
      expect(stdout).toContain('nftables: removed table ip shunt, table ip6 shunt\n');
      expect(tables()).not.toContain('shunt');
      expect(saved(variant).replace(/^#.*\n/gm, '')).toBe(before.replace(/^#.*\n/gm, ''));
      expect(stderr).toContain(`error: iptables-${variant}: these chains are left`);
      expect(stderr).toMatch(
        /^ {2}IPv4 nat: KUBE-MARK-MASQ, .*KUBE-SERVICES, 2 of Services and endpoints\n {2}IPv6 filter: /m,
      );
      expect(stderr).not.toContain('CANARY');
      const [, words = ''] = /: sudo shunt (.*)$/m.exec(stderr) ?? [];
      expect(shuntIn(namespace, words.split(' '))).toEqual({
        code: 0,
        stdout: expect.stringMatching(
          new RegExp(`^iptables-${variant}: removed \\d+ chains of IPv4 filter, .* of IPv6 nat\n$`),
        ),
        stderr: '',
      });
      expect(saved(variant)).not.toMatch(/KUBE-(?!FIREWALL)/);
      expect(cleanup()).toMatchObject({ code: 0, stderr: '' });
    },
  );

  it('removes the chains of both variants where iptables is asked for, and no table of nftables', () => {
    apply();
    for (const variant of VARIANTS) {
      apply('--proxy-mode', 'iptables', '--iptables-variant', variant);
      namespace.run(`iptables-${variant}`, ['-t', 'nat', '-N', `MINE-${variant}`]);
    }
    const { code, stdout, stderr } = cleanup('--target', 'iptables');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^iptables-legacy: removed .*\niptables-nft: removed .*\n$/);
    expect(tables()).toContain('table ip shunt\n');
    for (const variant of VARIANTS) {
      expect(saved(variant)).toContain(`:MINE-${variant} `);
      expect(saved(variant)).not.toMatch(/KUBE-(?!FIREWALL)/);
      namespace.run(`iptables-${variant}`, ['-t', 'nat', '-X', `MINE-${variant}`]);
    }
  });

  it('tells what kube-proxy alone writes', () => {
    namespace.run('iptables-nft', ['-t', 'mangle', '-N', 'KUBE-PROXY-CANARY']);
    expect(cleanup()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Only kube-proxy writes KUBE-PROXY-CANARY: it runs here, or it did.'),
    });
  });

  it('passes over what is not installed, says so where it was asked for, and fails if nothing is', () => {
    const only = (...programs: readonly string[]): NodeJS.ProcessEnv => {
      const bin = mkdtempSync(join(folder, 'bin-'));
      for (const program of ['nsenter', ...programs]) {
        const path = namespace.run('sh', ['-c', `command -v ${program}`]).trim();
        symlinkSync(path, join(bin, program));
      }
      chmodSync(bin, 0o755);
      return { PATH: bin };
    };
    const legacy = ['iptables', 'ip6tables'].flatMap((name) =>
      ['restore', 'save'].map((part) => `${name}-legacy-${part}`),
    );
    expect(shuntIn(namespace, ['cleanup'], only('nft'))).toEqual({
      code: 0,
      stdout: 'nftables: nothing to remove\n',
      stderr: '',
    });
    expect(shuntIn(namespace, ['cleanup'], only(...legacy))).toEqual({
      code: 0,
      stdout: 'iptables-legacy: nothing to remove\n',
      stderr: '',
    });
    expect(shuntIn(namespace, ['cleanup', '--target', 'iptables'], only(...legacy))).toEqual({
      code: 0,
      stdout: 'iptables-legacy: nothing to remove\niptables-nft: not installed\n',
      stderr: '',
    });
    expect(shuntIn(namespace, ['cleanup'], only())).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'error: nft: is not on the PATH; it comes with the package nftables\n' +
        'error: iptables-restore: is not on the PATH; it comes with the package iptables\n',
    });
  });
});
