import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../diagnostic.js';
import { loadCluster } from './load-cluster.js';

const load = (...texts: string[]): ReturnType<typeof loadCluster> =>
  loadCluster(texts.map((text, i) => ({ name: `${'abc'[i]}.yaml`, text })));
const messages = (...texts: string[]): string[] => load(...texts).diagnostics.map(formatDiagnostic);

const service = (name: string, spec = 'ports: [{port: 80}]'): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ${spec}\n`;

test('objects of all files come into one state, without a namespace into default', () => {
  const { state, objectCount, diagnostics } = load(
    `${service('a')}---\n${service('b')}`,
    '{"kind": "NodeList", "apiVersion": "v1", "items": [{"metadata": {"name": "n"}}]}',
  );
  expect(diagnostics).toEqual([]);
  expect(objectCount).toBe(3);
  expect(state.service('default', 'a')?.spec.ports).toEqual([{ port: 80 }]);
  expect(state.node('n')?.kind).toBe('Node');
});

test('all problems of all files are told at once, and objects with errors are left out', () => {
  const { state, diagnostics } = load(
    `${service('a', 'ports: [{port: x}]')}---\n${service('b', 'type: External')}`,
    `a: b: c\n---\n${service('c')}`,
    '- 1\n',
  );
  expect(diagnostics.map(formatDiagnostic)).toEqual([
    'a.yaml:6:18: error: Service default/a: spec.ports[0].port: expected an integer 1..65535, got the string "x"',
    'a.yaml:13:9: error: Service default/b: spec.type: expected one of ClusterIP, NodePort, LoadBalancer, ExternalName, got the string "External"',
    'b.yaml:1:4: error: a second ": " on one line: quote the value, or start the inner mapping on a line of its own',
    'c.yaml:1:1: error: expected a Kubernetes object with apiVersion and kind, got a list',
  ]);
  expect([...state].map(({ metadata }) => metadata.name)).toEqual(['c']);
});

test('of objects that wait for an admission the structure is looked at, and there must be a name', () => {
  const texts = [
    service('a', 'ports: [{port: 70000}]'),
    service('b', 'ports: [{port: "80"}]'),
    service('""'),
  ];
  const { state, deferred, diagnostics } = loadCluster(
    texts.map((text, i) => ({ name: `${'abc'[i]}.yaml`, text })),
    { defer: () => true },
  );
  expect(diagnostics.map(formatDiagnostic)).toEqual([
    'b.yaml:6:18: error: Service default/b: spec.ports[0].port: expected an integer of 32 bits, got the string "80" (write 80 without quotes)',
    'c.yaml:4:9: error: metadata.name: expected a name, got the string ""',
  ]);
  expect(state.size).toBe(0);
  expect(deferred.map(({ metadata }) => metadata.name)).toEqual(['a']);
});

describe('folding', () => {
  test('one unknown field of many objects is one warning with a count', () => {
    const ports = (name: string): string => service(name, 'ports: [{port: 80, x: 1}, {port: 81, x: 2}]');
    expect(messages(`${ports('a')}---\n${ports('b')}`, service('c', 'x: 1'))).toEqual([
      'a.yaml:6:22: warning: Service default/a: spec.ports[0].x: unknown field "spec.ports[0].x" (and 3 more)',
      'b.yaml:6:3: warning: Service default/c: spec.x: unknown field "spec.x"',
    ]);
  });

  test('objects of one unknown kind are one warning with a count, at the first', () => {
    const text = `${service('a')}---\nkind: ConfigMap\napiVersion: v1\n---\napiVersion: v1\nkind: ConfigMap\n`;
    expect(messages(text, 'kind: ConfigMap\napiVersion: v1\n')).toEqual([
      'a.yaml:8:7: warning: 3 ConfigMap objects are ignored: Shunt reads Service, EndpointSlice, Endpoints, Pod, Node, ServiceCIDR',
    ]);
  });
});

describe('an object that is given twice', () => {
  test('is taken from the later place, with a warning that names both', () => {
    const { state, diagnostics, objectCount } = load(
      service('a'),
      `---\n${service('a', 'clusterIP: 10.0.0.1')}`,
    );
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      'b.yaml:2:1: warning: Service default/a: given twice: this one is used, the one at a.yaml:1:1 is not',
    ]);
    expect(state.service('default', 'a')?.spec.clusterIP).toBe('10.0.0.1');
    expect(objectCount).toBe(1);
  });

  test('is another one in another namespace or of another kind', () => {
    const other = service('a').replace('  name', '  namespace: shop\n  name');
    expect(messages(service('a'), other, 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n')).toEqual([]);
  });

  test('is left out when the later one is broken', () => {
    const { state, diagnostics } = load(service('a'), service('a', 'type: 1'));
    expect(state.size).toBe(0);
    expect(diagnostics.map(({ code }) => code)).toEqual(['type', 'duplicate-object']);
  });
});

describe('nothing to read', () => {
  test('is an error', () => {
    expect(messages()).toEqual([
      'error: no objects in no files: expected Service, EndpointSlice, Endpoints, Pod, Node, ServiceCIDR',
    ]);
    expect(messages('# nothing\n', '')).toEqual([
      'a.yaml:1:1: error: no objects in 2 files: expected Service, EndpointSlice, Endpoints, Pod, Node, ServiceCIDR',
    ]);
    expect(messages('kind: Secret\napiVersion: v1\n')[1]).toContain(
      'a.yaml:1:1: error: no object that Shunt reads',
    );
  });

  test('is not told again when an error says why', () => {
    expect(messages('a: b: c\n')).toHaveLength(1);
  });
});

describe('locate', () => {
  const cluster = load(
    `# head\n${service('a')}`,
    '{"kind":"List","items":[\n{"kind":"Node","apiVersion":"v1",\n"metadata":{"name":"n"}}]}',
  );
  const at = (kind: string, name: string, path?: string): string | null => {
    const position = cluster.locate({ kind, name, ...(path === undefined ? {} : { path }) });
    return position && `${position.file}:${position.line}:${position.column}`;
  };
  test('finds objects and their fields, or the nearest field that is written', () => {
    expect(at('Service', 'a')).toBe('a.yaml:2:1');
    expect(at('Service', 'a', 'spec.ports[0].port')).toBe('a.yaml:7:18');
    expect(at('Service', 'a', 'spec.ports[0].nodePort')).toBe('a.yaml:7:11');
    expect(at('Node', 'n')).toBe('b.yaml:2:1');
    expect(at('Node', 'n', 'metadata.name')).toBe('b.yaml:3:20');
  });
  test('knows no object that is not in the files', () => {
    expect(at('Service', 'b')).toBeNull();
    expect(cluster.locate({ kind: 'Service', namespace: 'shop', name: 'a' })).toBeNull();
  });
});

test('no content of any file throws, and every diagnostic has a position inside of its file', () => {
  const anyName = fc.constantFrom('a', '', 1, null, 'a/b');
  const anyMetadata = fc.oneof(
    fc.anything(),
    fc.record({ name: anyName, namespace: fc.anything() }, { requiredKeys: [] }),
  );
  const anyObject: fc.Arbitrary<unknown> = fc.record(
    {
      kind: fc.constantFrom(
        'Service',
        'EndpointSlice',
        'Node',
        'ServiceCIDR',
        'Pod',
        'Other',
        'List',
        'NodeList',
        1,
      ),
      apiVersion: fc.constantFrom('v1', 'discovery.k8s.io/v1', 'networking.k8s.io/v1', 'x.y/v1', null),
      metadata: anyMetadata,
      spec: fc.oneof(fc.jsonValue(), fc.record({ ports: fc.jsonValue(), selector: fc.jsonValue() })),
      addressType: fc.constantFrom('IPv4', 'IPv6', 'FQDN', 4),
      endpoints: fc.oneof(
        fc.jsonValue(),
        fc.array(fc.record({ addresses: fc.array(fc.constantFrom('::1', '1.2.3.4', 1)) })),
      ),
      items: fc.array(
        fc.record({ metadata: anyMetadata, kind: fc.constantFrom('Service', 'Node') }, { requiredKeys: [] }),
      ),
    },
    { requiredKeys: [] },
  );
  const toText = (value: unknown): string => {
    try {
      return JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part), 1) ?? '';
    } catch {
      return '';
    }
  };
  const anyText = fc.oneof(anyObject.map(toText), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(fc.array(anyText, { maxLength: 3 }), (texts) => {
      const { diagnostics, state, locate } = load(...texts);
      for (const { position } of diagnostics) {
        if (texts.length === 0) continue;
        const lines = texts[['a.yaml', 'b.yaml', 'c.yaml'].indexOf(position?.file ?? '')]?.split('\n');
        expect(lines?.[(position?.line ?? 0) - 1]?.length).toBeGreaterThanOrEqual(
          (position?.column ?? 0) - 1,
        );
      }
      for (const { kind, metadata } of state) {
        expect(
          locate({
            kind,
            name: metadata.name,
            ...(metadata.namespace ? { namespace: metadata.namespace } : {}),
          }),
        ).not.toBeNull();
      }
    }),
    { numRuns: 500 },
  );
});
