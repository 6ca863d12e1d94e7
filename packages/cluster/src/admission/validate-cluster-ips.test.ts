import type { Service, ServiceSpec } from '@shunt/model';
import { expect, it } from 'vitest';
import { validateClusterIPFields } from './validate-cluster-ips.js';

function problems(spec: object): string[] {
  const service: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: spec as ServiceSpec,
  };
  return validateClusterIPFields(service).map(({ type, field }) => `${type} ${field}`);
}

const ips = (...clusterIPs: string[]): object => ({ clusterIP: clusterIPs[0], clusterIPs });
const [v4, v6] = ['10.0.0.1', '2001:db8::1'];
const list = 'Invalid spec.clusterIPs';

it.each([
  [{}, []],
  [{ clusterIP: '', clusterIPs: [] }, []],
  [{ clusterIP: v4 }, ['Required spec.clusterIPs']],
  [{ clusterIPs: [v4] }, [list]],
  [{ clusterIP: v4, clusterIPs: ['10.0.0.2'] }, [list]],
  [ips(v4), []],
  [ips('010.0.0.1'), []],
  [ips('None'), []],
  [ips('None', v4), [list]],
  [ips(v4, 'None'), ['Invalid spec.clusterIPs[1]']],
  [ips(v4, ''), ['Invalid spec.clusterIPs[1]']],
  [ips('none'), ['Invalid spec.clusterIPs[0]']],
  [ips(v4, v6), []],
  [ips(v6, v4), []],
  [ips(v4, '10.0.0.2'), [list]],
  [ips(v4, '::ffff:10.0.0.2'), [list]],
  [ips(v4, v6, '10.0.0.2'), [list]],
  [ips(v4, '10.0.0.2', '10.0.0.3'), [list, list]],
  // What is no address ends the comparison of families, but not the count.
  [ips(v4, '10.0.0.2', 'x'), ['Invalid spec.clusterIPs[2]', list]],
  [{ ...ips('x'), ipFamilies: ['IPv6'] }, ['Invalid spec.clusterIPs[0]']],
  [{ ipFamilies: ['IPv4', 'IPv6'] }, []],
  [{ ipFamilies: ['IPv5'] }, ['NotSupported spec.ipFamilies[0]']],
  [{ ipFamilies: ['IPv4', 'IPv4'] }, ['Duplicate spec.ipFamilies[1]']],
  [
    { ipFamilies: ['', ''] },
    ['NotSupported spec.ipFamilies[0]', 'NotSupported spec.ipFamilies[1]', 'Duplicate spec.ipFamilies[1]'],
  ],
  [{ ipFamilies: ['IPv4', 'IPv6', 'IPv4'] }, ['Duplicate spec.ipFamilies[2]']],
  [{ ipFamilyPolicy: 'PreferDualStack' }, []],
  [{ ipFamilyPolicy: 'DualStack' }, ['NotSupported spec.ipFamilyPolicy']],
  [{ ipFamilyPolicy: '' }, ['NotSupported spec.ipFamilyPolicy']],
  [{ ...ips(v4), ipFamilies: ['IPv6'] }, ['Invalid spec.clusterIPs[0]']],
  [{ ...ips(v6), ipFamilies: ['IPv4'] }, ['Invalid spec.clusterIPs[0]']],
  [
    { ...ips(v4, v6), ipFamilies: ['IPv6', 'IPv4'] },
    ['Invalid spec.clusterIPs[0]', 'Invalid spec.clusterIPs[1]'],
  ],
  [{ ...ips(v4, v6), ipFamilies: ['IPv4'] }, []],
  [{ ...ips(v4), ipFamilies: ['IPv4', 'IPv6'] }, []],
  [{ ...ips(v4, v6), ipFamilyPolicy: 'SingleStack' }, []],
  [{ ...ips('None'), ipFamilies: ['IPv6', 'IPv4'] }, []],
  [{ ...ips('x', 'x', 'x'), type: 'ExternalName', ipFamilies: ['IPv5'], ipFamilyPolicy: '' }, []],
])('cluster IPs and families in %j have the errors %j', (spec, errors) => {
  expect(problems(spec)).toEqual(errors);
});
