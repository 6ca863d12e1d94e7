import { parseDocuments } from '@shunt/model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeYaml } from './as-yaml.js';
import { asYaml, clusters } from './index.js';

function readBack(text: string): unknown[] {
  const { documents, diagnostics } = parseDocuments('written.yaml', text);
  expect(diagnostics).toEqual([]);
  return documents.map(({ value }) => value);
}

describe('written YAML', () => {
  test('is read back as the same data, whatever strings are in it', () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'true',
        'No',
        '1e3',
        '12:30',
        '0x1f',
        '.5',
        '~',
        'null',
        '2024-01-01',
        '- a',
        'a: b',
        '#',
        '',
      ),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('on', '1', 'a/b', '')), tie('tree'), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const [read] = readBack(writeYaml({ value }));
        expect(read).toEqual({ value });
      }),
      { examples: [['__proto__'], ['\u2028'], ['a\nb'], ['<<']] },
    );
  });

  test('of a cluster is one document for each object', () => {
    fc.assert(
      fc.property(clusters(), (cluster) => {
        expect(readBack(asYaml(cluster))).toEqual(cluster.objects);
      }),
      { numRuns: 50 },
    );
  });

  test('puts what fits on one line, and the rest below its key', () => {
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a' },
      spec: {
        ports: [
          { port: 80 },
          { name: 'a-port-with-a-long-name', port: 81, protocol: 'TCP', nodePort: 30081 },
          { port: 82 },
        ],
      },
    };
    expect(asYaml([object])).toBe(`apiVersion: v1
kind: Service
metadata:
  name: a
spec:
  ports:
    - {port: 80}
    - {name: a-port-with-a-long-name, port: 81, protocol: TCP, nodePort: 30081}
    - {port: 82}
`);
  });
});
