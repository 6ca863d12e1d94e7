import type { EndpointSlice, Service, ServiceSpec } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { describeService } from './describe-service.js';

const slice = (
  ports: EndpointSlice['ports'],
  ...endpoints: [string, (boolean | null)?][]
): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-abc' },
  addressType: 'IPv4',
  ...(ports === undefined ? {} : { ports }),
  endpoints: endpoints.map(([address, ready]) => ({
    addresses: [address],
    ...(ready === undefined ? {} : { conditions: { ready } }),
  })),
});
const service = (spec: object, metadata: object = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', ...metadata },
  spec: spec as ServiceSpec,
});
const endpointsOf = (name: string, ...slices: EndpointSlice[]): string | undefined =>
  /^Endpoints: *(.*)$/m.exec(describeService(service({ ports: [{ name, port: 80 }] }), slices))?.[1];

describe('describe service', () => {
  it('is as kubectl prints the first Service of a cluster', () => {
    const kubernetes = service(
      {
        type: 'ClusterIP',
        ipFamilyPolicy: 'SingleStack',
        ipFamilies: ['IPv4'],
        clusterIP: '10.96.0.1',
        clusterIPs: ['10.96.0.1'],
        ports: [{ name: 'https', port: 443, targetPort: 6443, protocol: 'TCP' }],
        sessionAffinity: 'None',
        internalTrafficPolicy: 'Cluster',
      },
      {
        name: 'kubernetes',
        namespace: 'default',
        labels: { provider: 'kubernetes', component: 'apiserver' },
      },
    );
    const slices = [slice([{ name: 'https', port: 6443 }], ['172.18.0.2'])];
    expect(describeService(kubernetes, slices)).toBe(`\
Name:                     kubernetes
Namespace:                default
Labels:                   component=apiserver
                          provider=kubernetes
Annotations:              <none>
Selector:                 <none>
Type:                     ClusterIP
IP Family Policy:         SingleStack
IP Families:              IPv4
IP:                       10.96.0.1
IPs:                      10.96.0.1
Port:                     https  443/TCP
TargetPort:               6443/TCP
Endpoints:                172.18.0.2:6443
Session Affinity:         None
Internal Traffic Policy:  Cluster
Events:                   <none>
`);
  });

  it('has every field in its place', () => {
    const spec = {
      type: 'LoadBalancer',
      selector: { b: '2', a: '1' },
      ipFamilies: ['IPv4', 'IPv6'],
      clusterIPs: ['10.96.0.1', 'fd00::1'],
      externalIPs: ['1.1.1.1', '2.2.2.2'],
      loadBalancerIP: '192.0.2.1',
      externalName: 'x.example',
      ports: [
        { port: 80, targetPort: 'http', appProtocol: 'h2c', nodePort: 30080 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
      externalTrafficPolicy: 'Local',
      healthCheckNodePort: 32000,
      loadBalancerSourceRanges: ['10.0.0.0/8', '192.168.0.0/16'],
      trafficDistribution: 'PreferSameZone',
    };
    const ingress = [
      { ip: '203.0.113.7', ipMode: 'VIP' },
      { ip: '203.0.113.8' },
      { hostname: 'lb.example' },
    ] as const;
    const balanced = { ...service(spec), status: { loadBalancer: { ingress } } };
    const lines = describeService(balanced, []).split('\n').slice(4, -2);
    expect(lines.map((line) => line.replace(/ {2,}/g, '|'))).toEqual([
      'Selector:|a=1,b=2',
      'Type:|LoadBalancer',
      'IP Families:|IPv4,IPv6',
      'IP:|10.96.0.1',
      'IPs:|10.96.0.1,fd00::1',
      'External IPs:|1.1.1.1,2.2.2.2',
      'Desired LoadBalancer IP:|192.0.2.1',
      'External Name:|x.example',
      'LoadBalancer Ingress:|203.0.113.7 (VIP), 203.0.113.8, lb.example',
      'Port:|<unset>|80/TCP',
      'TargetPort:|http/TCP',
      'AppProtocol:|h2c',
      'NodePort:|<unset>|30080/TCP',
      'Endpoints:|<none>',
      'Port:|dns|53/UDP',
      'TargetPort:|53/UDP',
      'Endpoints:|<none>',
      'Session Affinity:|None',
      'External Traffic Policy:|Local',
      'HealthCheck NodePort:|32000',
      'LoadBalancer Source Ranges:|10.0.0.0/8,192.168.0.0/16',
      'Traffic Distribution:|PreferSameZone',
    ]);
  });

  it('says that there is none of what is always named', () => {
    const text = describeService(service({}), []);
    expect(text).toMatch(/^Selector: +<none>\nType: +ClusterIP\nIP Families: +<none>\nIP: +\nIPs: +<none>$/m);
  });

  it('shows the ready endpoints of the port of that name', () => {
    const both = slice(
      [
        { name: 'http', port: 8080 },
        { name: 'dns', port: 53 },
      ],
      ['10.0.0.1', true],
      ['10.0.0.2', false],
    );
    expect(endpointsOf('http', both)).toBe('10.0.0.1:8080');
    expect(endpointsOf('dns', both, slice([{ name: 'dns', port: 5353 }], ['fd00::1', null]))).toBe(
      '10.0.0.1:53,[fd00::1]:5353',
    );
    expect(endpointsOf('', slice([{ port: 8080 }], ['10.0.0.1']))).toBe('10.0.0.1:8080');
    expect(endpointsOf('http', slice(undefined, ['10.0.0.1'], ['10.0.0.2', false]))).toBe('10.0.0.1');
  });

  it('shows nothing where slices have no ready endpoint', () => {
    expect(endpointsOf('http', slice([{ name: 'http', port: 80 }], ['10.0.0.1', false]))).toBe('');
    expect(endpointsOf('other', slice([{ name: 'http', port: 80 }], ['10.0.0.1']))).toBe('');
    expect(endpointsOf('http')).toBe('<none>');
  });

  it('shows three and counts the other ready ones, even if there are none', () => {
    const port = [{ name: 'http', port: 80 }];
    const three: [string][] = [['a'], ['b'], ['c']];
    expect(endpointsOf('http', slice(port, ...three))).toBe('a:80,b:80,c:80');
    expect(endpointsOf('http', slice(port, ...three), slice(port, ['d'], ['e', false]))).toBe(
      'a:80,b:80,c:80 + 1 more...',
    );
    expect(endpointsOf('http', slice(port, ...three, ['d', false]))).toBe('a:80,b:80,c:80 + 0 more...');
    expect(endpointsOf('http', slice(port, ['d', false], ...three))).toBe('a:80,b:80,c:80');
  });
});

describe('the annotations', () => {
  const annotated = (annotations: Record<string, string>): string[] =>
    describeService(service({}, { annotations }), []).split('\n').slice(3, 7);

  it('stand below each other, but not what was last applied', () => {
    const lines = annotated({
      b: 'two\n',
      a: 'one',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
    });
    expect(lines.slice(0, 3)).toEqual([
      'Annotations:       a: one',
      '                   b: two',
      'Selector:          <none>',
    ]);
  });

  it('stand below their key when they are long or have several lines', () => {
    const lines = annotated({ a: 'x'.repeat(150), b: 'one\ntwo' }).map((line) => line.trimEnd());
    expect(lines).toEqual([
      'Annotations:       a:',
      `                     ${'x'.repeat(138)}...`,
      '                   b:',
      '                     one',
    ]);
  });
});

describe('the events', () => {
  it('are a table of their own', () => {
    const events = [
      {
        type: 'Normal',
        reason: 'EnsuringLoadBalancer',
        age: '5m',
        from: 'service-controller',
        message: 'Ensuring\n',
      },
      { type: 'Warning', reason: 'Failed', message: 'no' },
    ] as const;
    expect(describeService(service({}), [], events).split('\n').slice(-6)).toEqual([
      'Events:',
      '  Type     Reason                Age        From                Message',
      '  ----     ------                ----       ----                -------',
      '  Normal   EnsuringLoadBalancer  5m         service-controller  Ensuring',
      '  Warning  Failed                <unknown>                      no',
      '',
    ]);
  });
});
