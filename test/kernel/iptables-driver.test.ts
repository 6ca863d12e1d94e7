/** The iptables driver against this kernel, in network namespaces of its own, with both sorts of iptables. */
import { changeBetween, type Ruleset } from '@shunt/compiler';
import { ChildProcessRunner, IptablesDriver } from '@shunt/kernel';
import { kubeProxyRulesets } from '@shunt/testing';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NetworkNamespace } from './network-namespace.js';
import { kernelTestsAreRequired, missingPrerequisite } from './prerequisites.js';
import { rulesetOf, servicePort } from './small-rulesets.js';

const missing = missingPrerequisite(['ip', 'iptables-legacy-restore', 'iptables-nft-restore']);
const skipped = missing !== null && !kernelTestsAreRequired();
if (skipped) console.warn(`the iptables driver is not tested against this kernel: the test ${missing}`);

const web = servicePort({
  name: 'web',
  clusterIP: '10.96.0.1',
  backends: ['10.0.0.1', '10.0.0.2', '10.0.0.3'],
});
const shop = servicePort({ name: 'shop', clusterIP: '10.96.0.2', backends: ['10.0.1.1'] });
const both = rulesetOf('iptables', [web, shop]);
const SHOP = 'IPv4 ns/shop TCP';

describe.skipIf(skipped).each(['legacy', 'nft'] as const)(
  'the iptables driver, with iptables-%s',
  (variant) => {
    let namespace: NetworkNamespace;
    let driver: IptablesDriver;
    const newDriver = (): IptablesDriver => {
      return new IptablesDriver({
        runner: new ChildProcessRunner(['ip', 'netns', 'exec', namespace.name]),
        variant,
      });
    };
    const iptables = (...args: string[]): string => namespace.run(`iptables-${variant}`, ['-w', ...args]);
    const saved = (): string => {
      const text =
        namespace.run(`iptables-${variant}-save`, []) + namespace.run(`ip6tables-${variant}-save`, []);
      return text.replace(/^#.*\n/gm, '');
    };
    /** The chain of a Service, as the dispatching rule names it. */
    const chainOf = (name: string): string =>
      new RegExp(`"ns/${name} cluster IP".* -j (KUBE-SVC-\\w+)`).exec(saved())?.[1] ?? 'none';

    beforeAll(() => {
      if (missing !== null) throw new Error(`with CI set this test must run, but it ${missing}`);
      namespace = new NetworkNamespace(`ipt-driver-${variant}`);
    });
    beforeEach(async () => {
      driver = newDriver();
      await driver.remove();
    });
    afterAll(() => namespace?.remove());

    it('loads, and finds everything in place', async () => {
      expect(await driver.load(both)).toMatchObject({ full: true });
      expect(await driver.verify()).toEqual([]);
      expect(saved()).toContain(
        '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      );
    });

    it('knows whether it is in place', async () => {
      expect(await driver.isInPlace()).toBe(false);
      await driver.load(both);
      expect(await driver.isInPlace()).toBe(true);
      for (const table of ['nat', 'filter']) {
        iptables('-t', table, '-F');
        expect(await driver.isInPlace()).toBe(false);
        await driver.repair();
        expect(await driver.isInPlace()).toBe(true);
      }
      await newDriver().remove();
      expect(await driver.isInPlace()).toBe(false);
    });

    it('writes nothing when the kernel has it all', async () => {
      await driver.load(both);
      expect(await newDriver().load(both)).toMatchObject({ full: false, statements: 0 });
    });

    it('applies changes, and deletes the chains of what is gone', async () => {
      await driver.load(both);
      const gone = chainOf('shop');
      const next = rulesetOf('iptables', [{ ...web, backends: ['10.0.0.1', '10.0.0.9'] }]);
      expect(await driver.apply(next, changeBetween(both, next))).toMatchObject({ full: false });
      expect(await driver.verify()).toEqual([]);
      expect(saved()).not.toContain(gone);
    });

    it('names the Service of a rule that is gone, and brings it back', async () => {
      await driver.load(both);
      iptables('-t', 'nat', '-F', chainOf('shop'));
      const found = await driver.verify();
      expect(found.length).toBeGreaterThan(0);
      expect(found.every(({ kind, servicePort: key }) => kind === 'missing' && key === SHOP)).toBe(true);
      expect(await driver.repair()).toEqual(found);
      expect(await driver.verify()).toEqual([]);
    });

    it.each<[string, readonly string[]]>([
      ['a rule more', ['-t', 'nat', '-A', 'KUBE-SERVICES', '-p', 'tcp', '--dport', '99', '-j', 'RETURN']],
      ['a chain of a Service more', ['-t', 'nat', '-N', 'KUBE-SVC-AAAAAAAAAAAAAAAA']],
      ['an emptied chain', ['-t', 'filter', '-F', 'KUBE-FORWARD']],
      ['a jump less', ['-t', 'nat', '-D', 'POSTROUTING', '1']],
    ])('sees and mends %s', async (_, tampering) => {
      await driver.load(both);
      iptables(...tampering);
      expect(await driver.verify()).not.toEqual([]);
      await driver.repair();
      expect(await driver.verify()).toEqual([]);
    });

    it('takes away what an earlier process left', async () => {
      await driver.load(both);
      const next = rulesetOf('iptables', [web]);
      const successor = newDriver();
      await successor.load(next);
      expect(await successor.verify()).toEqual([]);
      expect(saved()).not.toContain('ns/shop');
    });

    it('leaves the rules of others alone', async () => {
      const foreign = ['-t', 'filter', '-A', 'INPUT', '-p', 'tcp', '--dport', '4242', '-j', 'DROP'];
      iptables(...foreign);
      iptables('-t', 'nat', '-N', 'MINE');
      try {
        await driver.load(both);
        await driver.repair();
        expect(saved()).toContain('--dport 4242 -j DROP');
        await driver.remove();
        expect(saved()).toContain('--dport 4242 -j DROP');
        expect(saved()).toContain(':MINE - [0:0]');
        expect(saved()).not.toMatch(/KUBE-(?!FIREWALL)/);
      } finally {
        iptables('-t', 'filter', '-D', ...foreign.slice(3));
        iptables('-t', 'nat', '-X', 'MINE');
      }
    });

    it('ends as a fresh load does after any changes', async () => {
      const rulesets = kubeProxyRulesets({ maxServices: 4 });
      const steps = fc.array(fc.tuple(rulesets, fc.constantFrom('apply', 'load', 'restart')), {
        minLength: 1,
        maxLength: 3,
      });
      await fc.assert(
        fc.asyncProperty(rulesets, steps, async (first, all) => {
          let current: Ruleset = first;
          await driver.load(current);
          for (const [next, how] of all) {
            if (how === 'restart') driver = newDriver();
            if (how === 'apply') await driver.apply(next, changeBetween(current, next));
            else await driver.load(next);
            current = next;
            expect(await driver.verify()).toEqual([]);
          }
        }),
        { numRuns: 5 },
      );
    });
  },
);
