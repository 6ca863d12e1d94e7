import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../diagnostic.js';
import { parseDocuments } from '../source/parse-documents.js';
import { check } from './check.js';
import * as shape from './shape.js';

const port = shape.object(
  { port: shape.integer(1, 65535), name: shape.string(), weight: shape.integer(0) },
  { required: ['port'] },
);
const everything = shape.object({
  any: shape.anything(),
  ports: shape.list(port),
  labels: shape.mapOf(shape.string()),
  on: shape.boolean(),
  mode: shape.oneOf('iptables', 'nftables'),
  level: shape.oneOf(1, 2),
  address: shape.ipAddress(),
  clusterIP: shape.ipAddress('None', ''),
  range: shape.cidr(),
  sourceRange: shape.trimmedCidr(),
  time: shape.timestamp(),
  target: shape.intOrString(1, 65535),
  name: shape.objectName(),
  open: shape.object({ a: shape.string() }, { open: true }),
});

const right: unknown[] = [
  {},
  { any: [null, { x: Number.NaN }], ports: [], labels: { a: 'b', c: null }, on: false, mode: 'nftables' },
  { ports: [{ port: 1 }, { port: 65535, name: '', weight: 1e15 }], level: 2, open: { a: 'x', b: 1 } },
  { address: '010.0.0.1', clusterIP: 'None', range: '10.1.2.3/8', sourceRange: ' fd00::/8 ', target: 'http' },
  { address: 'fd00::1', clusterIP: '', range: '::/0', time: '2024-01-31T12:00:00.123456Z', target: 80 },
  { ports: null, labels: null, on: null, mode: null, address: null, time: undefined, open: null },
  { name: 'a.b-c', time: '2024-01-31T12:00:00+01:00' },
];
for (const value of right) {
  test(`${JSON.stringify(value)} has the shape`, () => {
    expect(check(everything, value)).toEqual([]);
  });
}

const wrong: [value: unknown, message: string][] = [
  [[], 'error: expected an object, got a list'],
  [null, 'error: expected an object, got null'],
  [{ ports: {} }, 'error: ports: expected a list, got an object'],
  [
    { ports: '-x' },
    'error: ports: expected a list, got the string "-x" (a list item needs a blank after the dash: "- x")',
  ],
  [{ ports: [null] }, 'error: ports[0]: expected an object, got null'],
  [{ ports: [{}] }, 'error: ports[0]: "port" is missing'],
  [{ ports: [{ port: null }] }, 'error: ports[0]: "port" is missing'],
  [
    { ports: [{ port: '80' }] },
    'error: ports[0].port: expected an integer 1..65535, got the string "80" (write 80 without quotes)',
  ],
  [{ ports: [{ port: 0 }] }, 'error: ports[0].port: expected an integer 1..65535, got 0'],
  [{ ports: [{ port: 1.5 }] }, 'error: ports[0].port: expected an integer 1..65535, got 1.5'],
  [{ ports: [{ port: 1, weight: -1 }] }, 'error: ports[0].weight: expected an integer from 0 on, got -1'],
  [{ labels: { 'a/b': 1 } }, 'error: labels["a/b"]: expected a string, got 1 (write "1" with quotes)'],
  [{ labels: [] }, 'error: labels: expected an object, got a list'],
  [{ on: 'yes' }, 'error: on: expected true or false, got the string "yes"'],
  [
    { mode: 'nftable' },
    'error: mode: expected one of iptables, nftables, got the string "nftable"; did you mean nftables?',
  ],
  [{ level: 3 }, 'error: level: expected one of 1, 2, got 3'],
  [{ address: '10.0.0' }, 'error: address: expected an IP address, got the string "10.0.0"'],
  [{ clusterIP: 'none' }, 'error: clusterIP: expected an IP address or "None" or "", got the string "none"'],
  [{ range: '10.0.0.0' }, 'error: range: expected a CIDR such as 10.0.0.0/8, got the string "10.0.0.0"'],
  [{ sourceRange: 'x' }, 'error: sourceRange: expected a CIDR such as 10.0.0.0/8, got the string "x"'],
  [
    { time: 'today' },
    'error: time: expected an RFC 3339 time such as 2024-01-31T12:00:00Z, got the string "today"',
  ],
  [{ target: true }, 'error: target: expected a name or an integer 1..65535, got true'],
  [{ target: 0 }, 'error: target: expected a name or an integer 1..65535, got 0'],
  [
    { name: 'a/b' },
    'error: name: expected a name (lower-case letters, digits, "-" and "."), got the string "a/b"',
  ],
  [{ prots: [] }, 'warning: unknown field "prots"; did you mean "ports"?'],
  [
    { ports: [{ port: 1, Port: 2 }] },
    'warning: unknown field "ports[0].Port"; did you mean "ports[0].port"?',
  ],
  [{ zebra: 1 }, 'warning: unknown field "zebra"'],
];
for (const [value, message] of wrong) {
  test(`${JSON.stringify(value)} is told with what would be right`, () => {
    expect(check(everything, value).map(formatDiagnostic)).toEqual([message]);
  });
}

describe('a strict reader', () => {
  const file = 'name: x\npackets:\n- port: 80\n  naem: y\n- {port: "81"}\n-\n';
  const shapeOfFile = shape.object(
    { name: shape.string(), packets: shape.list(port), about: shape.string() },
    {
      required: ['name', 'about'],
    },
  );

  test('gets file, line and column for every problem, and errors for unknown keys', () => {
    const [document] = parseDocuments('case.yaml', file).documents;
    expect(document).toBeDefined();
    if (document === undefined) return;
    expect(
      check(shapeOfFile, document.value, { document, unknownFields: 'error' }).map(formatDiagnostic),
    ).toEqual([
      'case.yaml:4:3: error: unknown field "packets[0].naem"; did you mean "packets[0].name"?',
      'case.yaml:5:10: error: packets[1].port: expected an integer 1..65535, got the string "81" (write 81 without quotes)',
      'case.yaml:6:2: error: packets[2]: expected an object, got null',
      'case.yaml:1:1: error: "about" is missing',
    ]);
  });

  test('may check a part of a document', () => {
    const [document] = parseDocuments('case.yaml', file).documents;
    const diagnostics = check(
      port,
      { port: 0 },
      {
        ...(document === undefined ? {} : { document }),
        path: ['packets', 0],
      },
    );
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      'case.yaml:3:9: error: port: expected an integer 1..65535, got 0',
    ]);
  });
});

test('no value throws, whatever is in it', () => {
  const anyKey = fc.constantFrom(
    'ports',
    'labels',
    'target',
    '__proto__',
    'constructor',
    'toString',
    'any',
    'on',
  );
  const anyObject = fc.dictionary(anyKey, fc.anything({ withBigInt: true, withNullPrototype: true }));
  fc.assert(
    fc.property(fc.oneof(anyObject, fc.anything()), (value) => {
      expect(Array.isArray(check(everything, value))).toBe(true);
    }),
  );
});
