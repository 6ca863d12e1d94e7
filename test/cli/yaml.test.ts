import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toYaml } from '../../packages/cli/src/print/yaml.js';

describe('YAML output', () => {
  it('reads back as the data that was printed, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON knows no -0, and prints it as 0.
        const data: unknown = JSON.parse(JSON.stringify(value));
        expect(parse(toYaml(data))).toEqual(data);
      }),
      { numRuns: 500 },
    );
  });

  it('reads the same by the older rules of YAML 1.1, which kubectl follows', () => {
    const words = ['on', 'No', '1:30', '0o17', '017', '1_000', '.5', '~', '2024-01-31', '10.0.0.1:53', '='];
    expect(parse(toYaml({ words }), { version: '1.1' })).toEqual({ words });
  });

  it('leaves names and addresses bare, and lists as flat as kubectl does', () => {
    expect(
      toYaml({ name: 'shop/web', slots: [0, 1], backends: [{ address: '10.0.0.1', local: true }] }),
    ).toBe('name: shop/web\nslots: [0, 1]\nbackends:\n- address: 10.0.0.1\n  local: true\n');
  });
});
