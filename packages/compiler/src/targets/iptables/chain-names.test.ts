import { address } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import type { Backend, ServicePort } from '../../ruleset/types.js';
import { chainNamesOf, shortHash } from './chain-names.js';

/** What kube-proxy names the chains of service ports. */
const SERVICES: readonly (readonly [string, string])[] = [
  ['ns1/svc1:p80', 'XPGD46QRK7WJZT7O'],
  ['ns2/svc2:p80', 'GNZBNJ2PO5MGZ6GT'],
  ['ns3/svc3:p80', 'X27LE4BHSL4DOUIK'],
  ['ns4/svc4:p80', '4SW47YFZTEDKD3PK'],
  ['ns5/svc5:p80', 'NUKIZ6OKUXPJNT4C'],
  ['ns2/svc2:p8080', '2VJB64SDSIJUP5T6'],
  ['ns4/svc4:p8082', 'EBDQOQU5SJFXRIL3'],
];

/** And those of endpoints. */
const ENDPOINTS: readonly (readonly [string, string, number, string])[] = [
  ['ns1/svc1:p80', '10.180.0.1', 80, 'SXIVWICOYRO3J4NJ'],
  ['ns2/svc2:p80', '10.180.0.2', 80, 'RS4RBKLTHTF2IUXJ'],
  ['ns3/svc3:p80', '10.180.0.3', 80, 'OYPFS5VJICHGATKP'],
  ['ns4/svc4:p80', '10.180.0.4', 80, 'UKSFD7AGPMPPLUHC'],
  ['ns4/svc4:p80', '10.180.0.5', 80, 'C6EBXVWJJZMIWKLZ'],
  ['ns5/svc5:p80', '10.180.0.3', 80, 'I77PXRDZVX7PMWMN'],
  ['ns1/svc1:p80', '10.0.1.1', 80, 'SNQ3ZNILQDEJNDQO'],
  ['ns2/svc2:p8080', '10.0.2.1', 8080, 'UHEGFW77JX3KXTOV'],
  ['ns3/svc3:p80', '10.0.3.1', 80, 'BSWRHOQ77KEXZLNL'],
  ['ns3/svc3:p80', '10.0.3.2', 80, 'DKCFIS26GWF2WLWC'],
  ['ns3/svc3:p80', '10.0.3.3', 80, 'JVVZVJ7BSEPPRNBS'],
  ['ns4/svc4:p80', '10.0.4.1', 80, 'AYCN5HPXMIRJNJXU'],
  ['ns1/svc1:p80', '10.0.0.0', 80, 'DKGQUZGBKLTPAR56'],
  ['ns3/svc3:p8081', '203.0.113.4', 8081, 'RUVVH7YV3PHQBDOS'],
  ['ns4/svc4:p8082', '10.4.0.1', 8082, 'SU5STNODRYEWJAUF'],
];

describe('chainNamesOf', () => {
  it.each(SERVICES)('%s has the chains KUBE-...-%s', (name, hash) => {
    expect(chainNamesOf(portNamed(name))).toMatchObject({
      cluster: `KUBE-SVC-${hash}`,
      local: `KUBE-SVL-${hash}`,
      external: `KUBE-EXT-${hash}`,
      firewall: `KUBE-FW-${hash}`,
    });
  });

  it.each(ENDPOINTS)('endpoint %s %s:%i has the chain KUBE-SEP-%s', (name, ip, port, hash) => {
    const backend: Backend = { address: address(ip), port, local: false, weight: 1 };
    expect(chainNamesOf(portNamed(name)).endpoint(backend)).toBe(`KUBE-SEP-${hash}`);
  });
});

describe('shortHash', () => {
  it('gives 8 characters as the names of nftables chains have them', () => {
    expect(shortHash('ns1/svc1/tcp/p80', 8)).toBe('ULMVA6XW');
    expect(shortHash('ns4/svc4/tcp/p80__10.180.0.5/80', 8)).toBe('5RFCDDV7');
  });
});

/** A TCP service port of a printed name. */
function portNamed(text: string): ServicePort {
  const [namespace = '', name = '', portName = ''] = text.split(/[/:]/);
  return {
    namespace,
    name,
    portName,
    protocol: 'TCP',
    family: 'IPv4',
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    affinitySeconds: null,
    healthCheckNodePort: null,
    hasEndpoints: false,
    clusterPool: null,
    localPool: null,
    servingEndpoints: [],
    frontends: [],
  };
}
