import { expect, test } from 'vitest';
import { closestName } from './closest-name.js';

const fields = ['ports', 'port', 'protocol', 'clusterIP', 'clusterIPs', 'type'];
const rows: [name: string, closest: string | null][] = [
  ['prots', 'ports'],
  ['porrt', 'port'],
  ['PORTS', 'ports'],
  ['clusterip', 'clusterIP'],
  ['protocl', 'protocol'],
  ['protcool', 'protocol'],
  ['role', null],
  ['xyz', null],
  ['', null],
];
for (const [name, closest] of rows) {
  test(`${JSON.stringify(name)} most likely means ${closest}`, () => {
    expect(closestName(name, fields)).toBe(closest);
  });
}
