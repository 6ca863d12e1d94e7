import type { LoadBalancerIngress, Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { getServices } from './get-services.js';
import type { TableOptions } from './table.js';

const service = (spec: object, ingress?: readonly LoadBalancerIngress[]): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: spec as ServiceSpec,
  ...(ingress === undefined ? {} : { status: { loadBalancer: { ingress } } }),
});
const cell = (column: string, each: Service, options?: TableOptions): string | undefined => {
  const { columns, rows } = getServices([each], options);
  return rows[0]?.[columns.indexOf(column)];
};
const balanced = (
  ingress: readonly LoadBalancerIngress[],
  options?: TableOptions,
  spec: object = {},
): unknown => cell('EXTERNAL-IP', service({ type: 'LoadBalancer', ...spec }, ingress), options);

describe('get services', () => {
  it('has six columns, a seventh when wide, and the namespace in front', () => {
    const columns = ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE'];
    expect(getServices([])).toEqual({ columns, rows: [] });
    expect(getServices([], { wide: true }).columns).toEqual([...columns, 'SELECTOR']);
    expect(getServices([service({})], { allNamespaces: true })).toEqual({
      columns: ['NAMESPACE', ...columns],
      rows: [['default', 'web', 'ClusterIP', '<none>', '<none>', '<none>', '<unknown>']],
    });
  });

  it('shows the first cluster IP of two', () => {
    expect(cell('CLUSTER-IP', service({ clusterIPs: ['10.96.0.1', 'fd00::1'] }))).toBe('10.96.0.1');
    expect(cell('CLUSTER-IP', service({ clusterIP: 'None' }))).toBe('None');
  });

  it('shows the name that an ExternalName is another one of', () => {
    const external = service({ type: 'ExternalName', externalName: 'db.example' });
    expect([cell('CLUSTER-IP', external), cell('EXTERNAL-IP', external)]).toEqual(['<none>', 'db.example']);
  });

  it.each(['ClusterIP', 'NodePort'])('shows the external IPs of a %s', (type) => {
    expect(cell('EXTERNAL-IP', service({ type }))).toBe('<none>');
    expect(cell('EXTERNAL-IP', service({ type, externalIPs: ['b', 'a'] }, [{ ip: 'c' }]))).toBe('b,a');
  });

  it('knows nothing of an unknown type', () => {
    expect(cell('EXTERNAL-IP', service({ type: 'Other', externalIPs: ['a'] }))).toBe('<unknown>');
    expect(cell('TYPE', service({ type: 'Other' }))).toBe('Other');
  });

  it('sorts the places of a load balancer, each once, and cuts them unless wide', () => {
    expect(balanced([{ ip: '9.9.9.9' }, { hostname: 'a.b' }, { ip: '9.9.9.9' }])).toBe('9.9.9.9,a.b');
    expect(balanced([{ ip: '', hostname: 'h' }, {}])).toBe('h');
    expect(balanced([{ hostname: 'abcdefghijklm.com' }])).toBe('abcdefghijklm...');
    expect(balanced([{ hostname: 'abcdefghijklm.com' }], { wide: true })).toBe('abcdefghijklm.com');
    expect(balanced([{ ip: '203.0.113.7' }, { ip: '203.0.113.8' }])).toBe('203.0.113.7,2...');
  });

  it('is pending without a place and an external IP', () => {
    expect(balanced([])).toBe('<pending>');
    expect(cell('EXTERNAL-IP', service({ type: 'LoadBalancer' }))).toBe('<pending>');
    const externalIPs = ['1.1.1.1'];
    expect(balanced([], {}, { externalIPs })).toBe('1.1.1.1');
    expect(balanced([{ hostname: 'abcdefghijklm.com' }], {}, { externalIPs })).toBe(
      'abcdefghijklm...,1.1.1.1',
    );
  });

  it('shows ports with their node ports, never target ports', () => {
    const ports = [
      { port: 80, targetPort: 8080, nodePort: 30080 },
      { port: 53, protocol: 'UDP', nodePort: 0 },
    ];
    expect(cell('PORT(S)', service({ ports }))).toBe('80:30080/TCP,53/UDP');
  });

  it('shows the selector sorted when wide', () => {
    const options = { wide: true };
    expect(cell('SELECTOR', service({ selector: { tier: 'front', app: 'web' } }), options)).toBe(
      'app=web,tier=front',
    );
    expect(cell('SELECTOR', service({ selector: {} }), options)).toBe('<none>');
  });
});
