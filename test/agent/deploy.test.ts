import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { followedResources } from '@shunt/agent';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { shunt, shuntOn } from '../cli/run-shunt.js';
import { ROOT } from '../house/workspace.js';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly Rule[];
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly valueFrom: object }[];
}

const text = readFileSync(join(ROOT, 'deploy/shunt-agent.yaml'), 'utf8');
const manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
const manifest = (kind: string): Manifest => {
  const found = manifests.filter((each) => each.kind === kind);
  expect(found).toHaveLength(1);
  return found[0] as Manifest;
};

describe('the manifest of the DaemonSet', () => {
  it('allows what the agent asks for, and nothing else', () => {
    const asked = followedResources('node-a', null).map(({ path }) => {
      const [, group = '', resource] = /^\/(?:api|apis\/([^/]+))\/v1\/(\w+)$/.exec(path) ?? [];
      return `${group}/${resource}`;
    });
    const rules = manifest('ClusterRole').rules ?? [];
    const allowed = rules.flatMap(({ apiGroups, resources }) =>
      apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`)),
    );
    expect(allowed.sort()).toEqual(asked.sort());
    expect(rules.map(({ verbs }) => verbs)).toEqual(rules.map(() => ['list', 'watch']));
  });

  it('starts the agent with options that it has', async () => {
    const [container] = manifest('DaemonSet').spec?.template.spec.containers ?? [];
    const [command, ...options] = container?.args ?? [];
    expect(command).toBe('agent');
    const { stdout } = await shunt(['agent', '--help']);
    for (const option of options) expect(stdout).toMatch(new RegExp(`^ {2}${option.split('=')[0]}\\b`, 'm'));
    const { data = {} } = manifest('ConfigMap');
    const keys = (container?.env ?? []).map(({ valueFrom }) => JSON.stringify(valueFrom));
    for (const key of ['apiServerHost', 'apiServerPort']) {
      expect(data[key]).toBeDefined();
      expect(keys.some((each) => each.includes(`"${key}"`))).toBe(true);
    }
  });

  it('brings a configuration that can be read', async () => {
    const config = manifest('ConfigMap').data?.['config.yaml'] ?? '';
    const folder = join(ROOT, 'examples/shop');
    const run = await shuntOn({ config }, `compile -f ${folder} --node node-a --config @config`);
    expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: '' });
  });
});
