import { changeBetween, defaultConfig, resolve } from '@shunt/compiler';
import { address, ClusterState, cidr, type EndpointSlice, type Service } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { kubeProxyLoad, kubeProxyUpdate } from './kube-proxy-nftables.js';

const NODE = {
  name: 'test-node',
  addresses: [address('192.168.0.2')],
  primaryAddresses: [address('192.168.0.2')],
  zone: null,
};
const CONFIG = { ...defaultConfig('nftables'), clusterCIDRs: [cidr('10.0.0.0/8')] };

const service: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { namespace: 'ns4', name: 'svc4' },
  spec: {
    type: 'NodePort',
    clusterIP: '172.30.0.44',
    externalIPs: ['192.168.99.33'],
    ports: [{ name: 'p80', port: 80, protocol: 'TCP' }],
  },
};

function rulesetOf(addresses: readonly string[]) {
  const slice: EndpointSlice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'ns4', name: 'svc4-1', labels: { 'kubernetes.io/service-name': 'svc4' } },
    addressType: 'IPv4',
    ports: [{ name: 'p80', port: 80, protocol: 'TCP' }],
    endpoints: addresses.map((own) => ({
      addresses: [own],
      ...(own === '10.180.0.5' ? { nodeName: 'test-node' } : {}),
    })),
  };
  return resolve({ state: new ClusterState([service, slice]), node: NODE, config: CONFIG }).ruleset;
}

describe("kube-proxy's nftables layout", () => {
  const both = rulesetOf(['10.180.0.4', '10.180.0.5']);

  it('has the chains and elements that kube-proxy writes', () => {
    const lines = kubeProxyLoad(both).split('\n');
    const chain = 'ip kube-proxy service-LAUZTJTB-ns4/svc4/tcp/p80';
    expect(lines).toEqual(
      expect.arrayContaining([
        `add rule ${chain} meta l4proto tcp dnat ip addr . port to numgen random mod 2 map { 0 : 10.180.0.4 . 80 , 1 : 10.180.0.5 . 80 }`,
        'add element ip kube-proxy cluster-ips { 172.30.0.44 }',
        'add element ip kube-proxy service-ips { 172.30.0.44 . tcp . 80 : goto service-LAUZTJTB-ns4/svc4/tcp/p80 }',
        'add element ip kube-proxy service-ips { 192.168.99.33 . tcp . 80 : goto external-LAUZTJTB-ns4/svc4/tcp/p80 }',
        'add rule ip kube-proxy external-LAUZTJTB-ns4/svc4/tcp/p80 mark set mark or 0x4000 comment "masquerade"',
        'add element ip kube-proxy hairpin-connections { 10.180.0.5 . 10.180.0.5 . tcp . 80 }',
        'add rule ip kube-proxy services ip daddr @cluster-ips ip saddr != 10.0.0.0/8 mark set mark or 0x4000',
      ]),
    );
  });

  it('writes the chains of the changed service port alone', () => {
    const one = rulesetOf(['10.180.0.4']);
    const base = 'LAUZTJTB-ns4/svc4/tcp/p80';
    expect(kubeProxyUpdate(one, changeBetween(both, one)).split('\n')).toEqual([
      `add chain ip kube-proxy service-${base}`,
      `flush chain ip kube-proxy service-${base}`,
      `add chain ip kube-proxy external-${base}`,
      `flush chain ip kube-proxy external-${base}`,
      `add rule ip kube-proxy service-${base} meta l4proto tcp dnat to 10.180.0.4:80`,
      `add rule ip kube-proxy external-${base} mark set mark or 0x4000 comment "masquerade"`,
      `add rule ip kube-proxy external-${base} goto service-${base}`,
      'delete element ip kube-proxy hairpin-connections { 10.180.0.5 . 10.180.0.5 . tcp . 80 }',
      '',
    ]);
  });
});
