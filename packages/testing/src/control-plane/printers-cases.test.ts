import { readFileSync } from 'node:fs';
import { check, parseDocuments } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { type PrintersCase, printersCases } from './printers-cases.js';

const file = new URL('../../../../test/conformance/control-plane/printers.yaml', import.meta.url);
const casesIn = (text: string): readonly PrintersCase[] =>
  (parseDocuments('printers.yaml', text).documents[0]?.value ?? []) as readonly PrintersCase[];
const cases = casesIn(readFileSync(file, 'utf8'));

const differencesOf = (each: PrintersCase): string[] =>
  printersCases
    .run(each)
    .flatMap(({ what, difference }) => (difference === null ? [] : [`${what}: ${difference}`]));

describe("the cases of kubectl's output", () => {
  it('are many', () => expect(cases.length).toBeGreaterThan(20));

  it.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
    expect(check(printersCases.shape, each, { unknownFields: 'error' })).toEqual([]);
    expect(differencesOf(each)).toEqual([]);
  });

  it.each(cases.map((each) => [each.name, each] as const))(
    '%s fails with another expectation',
    (_, { name, print, ...rest }) => {
      const change = (key: keyof PrintersCase, value: unknown): PrintersCase => ({
        name,
        print,
        ...rest,
        [key]: value,
      });
      const expectations: readonly (keyof PrintersCase)[] = [
        'columns',
        'cells',
        'endpointsCell',
        'endpointsField',
        'forward',
        'error',
      ];
      const wrong = expectations
        .filter((key) => rest[key as keyof typeof rest] !== undefined)
        .map((key) => change(key, Array.isArray(rest[key as keyof typeof rest]) ? ['x'] : 'x'));
      expect(wrong.length).toBeGreaterThan(0);
      expect(wrong.filter((each) => differencesOf(each).length === 0)).toEqual([]);
    },
  );

  it.each(
    casesIn(`
- name: slices-by-object
  print: get endpointslices
  object:
    kind: EndpointSlice
    metadata: { name: web-abc }
    addressType: IPv4
    ports: [{ port: 80 }, { name: http }, {}, { port: 81 }]
    endpoints: [{ addresses: [10.0.0.1] }, { addresses: [10.0.0.2], conditions: { ready: false } }]
  columns: [NAME, ADDRESSTYPE, PORTS, ENDPOINTS]
  cells: [web-abc, IPv4, '80,http,* + 1 more...', '10.0.0.1,10.0.0.2']
- name: slices-in-short
  print: get endpointslice
  slices: [{ port: { port: 80 }, endpoints: [[10.0.0.1, true], [10.0.0.2, false]] }]
  portsCell: '80'
  endpointsCell: 10.0.0.1,10.0.0.2
- name: not-ready-and-more
  print: get endpoints
  subsets:
  - addresses: [10.0.0.1, 10.0.0.2]
    notReadyAddresses: [10.0.0.9]
    ports: [80, 81]
  endpointsCell: 10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more...
- name: no-subsets
  print: get endpoints
  subsets: null
  object: { kind: Endpoints, metadata: { name: web }, subsets: null }
  cells: [web, <none>]
- name: described-endpoints
  print: describe endpoints
  subsets: [{ addresses: [10.0.0.1], ports: [{ name: http, port: 80, protocol: TCP }] }]
  text: |
    Name:         service
    Namespace:    default
    Labels:       <none>
    Annotations:  <none>
    Subsets:
      Addresses:          10.0.0.1
      NotReadyAddresses:  <none>
      Ports:
        Name  Port  Protocol
        ----  ----  --------
        http  80    TCP

    Events:  <none>
- name: pods
  print: get pods -o wide
  object:
    kind: Pod
    metadata: { name: web }
    spec: { nodeName: node-a, containers: [{ name: web }] }
    status: { phase: Running, podIP: 10.0.0.1, containerStatuses: [{ name: web, ready: true, state: { running: {} } }] }
  cells: [web, 1/1, Running, '0', 10.0.0.1, node-a, <none>, <none>]
- name: pod-port
  print: port-forward pod
  object:
    kind: Pod
    metadata: { name: web }
    spec: { containers: [{ ports: [{ name: http, containerPort: 8080 }] }] }
    status: { phase: Running }
  arg: 80:http
  forward: 80:8080
- name: slice-without-ports
  print: describe service
  slices: [{ endpoints: [[10.0.0.1, null]] }]
  servicePort: http
  endpointsField: 10.0.0.1
- name: described-slice
  print: describe endpointslice
  slices: [{ endpoints: [] }]
  text: |
    Name:         service-abcde
    Namespace:    default
    Labels:       <none>
    Annotations:  <none>
    AddressType:  IPv4
    Ports: <unset>
    Endpoints: <none>
    Events:  <none>
`).map((each) => [each.name, each] as const),
  )('may be of other kinds: %s', (_, each) => {
    expect(check(printersCases.shape, each, { unknownFields: 'error' })).toEqual([]);
    expect(differencesOf(each)).toEqual([]);
  });

  it.each([
    [{ print: 'get endpoints' }, 'object: the case has no endpoints'],
    [{ print: 'get endpoints', subsets: [] }, 'case: the case expects nothing'],
    [
      { print: 'get service', subsets: [], object: { kind: 'Pod', metadata: { name: 'a' } } },
      'object: the case has no service',
    ],
    [
      { print: 'describe pods', object: { kind: 'Pod', metadata: { name: 'a' } } },
      'text: Pods are not described',
    ],
    [{ print: 'get endpoints', subsets: [{ addresses: [1] }] }, 'object: subsets[0].addresses[0]'],
    [{ print: 'port-forward pod', arg: 80, forward: 80 }, 'object: the case has no Pod'],
    [{ print: 'port-forward service', arg: 80, forward: 80 }, 'error: expected undefined'],
  ])('say what they lack: %j', (each, problem) => {
    const [first] = differencesOf({ name: 'case', ...each } as unknown as PrintersCase);
    expect(first).toContain(problem);
  });

  it("accept kubectl's own words for an error", () => {
    const each = { name: 'a', print: 'port-forward service', arg: '82' };
    expect(differencesOf({ ...each, error: 'Service service does not have a service port 82' })).toEqual([]);
    expect(differencesOf({ ...each, error: 'service has no such port' })).toEqual([]);
    expect(differencesOf({ ...each, error: 'no' })).toHaveLength(1);
  });
});
