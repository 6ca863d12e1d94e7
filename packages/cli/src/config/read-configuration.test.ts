import { cidr, formatDiagnostic } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { type ReadConfiguration, readConfiguration } from './read-configuration.js';

const HEAD = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

/** What kubeadm writes: nearly everything there, nearly nothing set. */
const KUBEADM = `${HEAD}bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection: {acceptContentTypes: "", burst: 0, contentType: "", kubeconfig: /var/lib/kp.conf, qps: 0}
clusterCIDR: 10.244.0.0/16
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal: {bridgeInterface: "", interfaceNamePrefix: ""}
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables: {localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}}, verbosity: 0}
metricsBindAddress: ""
mode: ""
nftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""
`;

function read(text: string): ReadConfiguration {
  return readConfiguration({ file: 'kp.yaml', text });
}

function problems(text: string): string[] {
  return read(text).diagnostics.map(formatDiagnostic);
}

describe('a KubeProxyConfiguration', () => {
  it('of kubeadm is read without a complaint', () => {
    const { configuration, diagnostics } = read(KUBEADM);
    expect(diagnostics).toEqual([]);
    expect(configuration).toMatchObject({
      mode: '',
      clusterCIDRs: [cidr('10.244.0.0/16')],
      detectLocalMode: 'ClusterCIDR',
      nodePortAddresses: null,
      hostnameOverride: null,
      bindAddress: null,
      masqueradeAll: { iptables: false, nftables: false },
      localhostNodePorts: true,
    });
  });

  it('is found among the other documents of a kubeadm file, which are named', () => {
    const { configuration, diagnostics } = read(
      `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n---\n${HEAD}`,
    );
    expect(configuration).not.toBeNull();
    expect(diagnostics.map(formatDiagnostic)).toEqual([
      'kp.yaml:2:7: warning: a ClusterConfiguration is ignored: only the KubeProxyConfiguration is read',
    ]);
  });

  it('keeps the settings of each mode apart', () => {
    const { configuration } = read(
      `${HEAD}nftables: {masqueradeAll: true}\niptables: {localhostNodePorts: false}\n`,
    );
    expect(configuration).toMatchObject({
      masqueradeAll: { iptables: false, nftables: true },
      localhostNodePorts: false,
    });
  });

  it.each<[string, string, RegExp]>([
    ['a field that does not exist', 'masqueradeAll: true', /3:1: warning: unknown field "masqueradeAll"/],
    [
      'a mode that is none',
      'mode: nft',
      /3:7: error: mode: expected one of iptables, nftables, ipvs, kernelspace/,
    ],
    [
      'three cluster CIDRs',
      'clusterCIDR: 10.0.0.0/8,fd00::/8,11.0.0.0/8',
      /clusterCIDR: expected at most two/,
    ],
    ['two cluster CIDRs of one family', 'clusterCIDR: 10.0.0.0/8,11.0.0.0/8', /got two for IPv4/],
    ['a cluster CIDR that is none', 'clusterCIDR: 10.0.0.0', /3:14: error: clusterCIDR: expected one CIDR/],
    [
      'primary beside CIDRs',
      'nodePortAddresses: [primary, 10.0.0.0/8]',
      /"primary" alone or CIDRs, got both/,
    ],
    [
      'a bridge without a name',
      'detectLocalMode: BridgeInterface',
      /detectLocal\.bridgeInterface: must be set/,
    ],
    ['a prefix without a name', 'detectLocalMode: InterfaceNamePrefix', /interfaceNamePrefix: must be set/],
    [
      'a masquerade bit above 31',
      'iptables: {masqueradeBit: 32}',
      /masqueradeBit: expected an integer 0\.\.31/,
    ],
    ['a negative duration', 'configSyncPeriod: -1s', /configSyncPeriod: expected a duration/],
    [
      'a period below its minimum',
      'nftables: {syncPeriod: 1s, minSyncPeriod: 2s}',
      /nftables\.minSyncPeriod/,
    ],
    ['an OOM score out of range', 'oomScoreAdj: -1001', /oomScoreAdj: expected an integer -1000\.\.1000/],
    ['a bind address without port', 'healthzBindAddress: "a:1"', /healthzBindAddress: expected ip:port/],
    ['a bind port 0', 'metricsBindAddress: 127.0.0.1:0', /metricsBindAddress: expected ip:port/],
    ['a negative limit', 'conntrack: {min: -1}', /conntrack\.min: expected an integer/],
    [
      'a text where a switch is due',
      'iptables: {masqueradeAll: "yes"}',
      /masqueradeAll: expected true or false/,
    ],
    ['a second one', `---\n${HEAD}`, /4:1: error: a second KubeProxyConfiguration/],
  ])('with %s is told', (_, text, expected) => {
    const [first] = problems(`${HEAD}${text}\n`);
    expect(first).toMatch(expected);
  });

  it.each([
    [
      'of another version',
      'apiVersion: kubeproxy.config.k8s.io/v1alpha2\nkind: KubeProxyConfiguration\n',
      /v1alpha1, got/,
    ],
    [
      'inside its ConfigMap',
      'apiVersion: v1\nkind: ConfigMap\ndata: {config.conf: ""}\n',
      /got the ConfigMap around it: .*jsonpath/,
    ],
    [
      'that is something else',
      'apiVersion: v1\nkind: Service\n',
      /expected a KubeProxyConfiguration .*got kind Service/,
    ],
    ['that is only a comment', '# nothing\n', /got an empty file/],
    ['that is no YAML', 'a: [\n', /kp\.yaml:\d+:\d+: error/],
  ])('%s is refused', (_, text, expected) => {
    expect(read(text).configuration).toBeNull();
    expect(problems(text).join('\n')).toMatch(expected);
  });
});
