import { describe, expect, it } from 'vitest';
import { getServices } from './get-services.js';
import { textTable } from './text-table.js';

describe('a table as text', () => {
  it('has three blanks between its columns, and none at the end of a line', () => {
    const now = Date.parse('2024-05-01T12:00:00Z');
    const metadata = { name: 'kubernetes', creationTimestamp: '2024-05-01T11:00:00Z' };
    const spec = { type: 'ClusterIP', clusterIPs: ['10.96.0.1'], ports: [{ port: 443 }] } as const;
    const service = { apiVersion: 'v1', kind: 'Service', metadata, spec } as const;
    expect(textTable(getServices([service], { now }))).toBe(
      'NAME         TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE\n' +
        'kubernetes   ClusterIP   10.96.0.1    <none>        443/TCP   60m\n',
    );
  });

  it('has columns of six characters at least', () => {
    expect(textTable({ columns: ['A', 'B'], rows: [['', 'x']] })).toBe('A     B\n      x\n');
  });

  it('cuts a cell at its first line end', () => {
    expect(textTable({ columns: ['NAME', 'NOTE'], rows: [['a', 'one\ntwo']] })).toBe(
      'NAME   NOTE\na      one...\n',
    );
  });
});
