/**
 * KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1 with the rules for single fields. Fields
 * that decide nothing about packets are known too, so that a slip of the pen is told from them.
 * Source: Kubernetes reference, "kube-proxy Configuration (v1alpha1)".
 */
import { parseAddress, parseCidr, type Shape, shape } from '@shunt/model';
import { parseDuration } from './duration.js';

const { anything, boolean, integer, list, mapOf, object, string, text } = shape;

export const CONFIGURATION_API = 'kubeproxy.config.k8s.io/v1alpha1';
export const CONFIGURATION_KIND = 'KubeProxyConfiguration';

/** What kube-proxy knows, whether Shunt follows it or not. */
export const KNOWN_MODES = ['iptables', 'nftables', 'ipvs', 'kernelspace'] as const;
export const DETECT_LOCAL_MODES = [
  'ClusterCIDR',
  'NodeCIDR',
  'BridgeInterface',
  'InterfaceNamePrefix',
] as const;

const duration: Shape = text('a duration such as 30s, 0 or longer', (it) => (parseDuration(it) ?? -1) >= 0);
const count = integer(0);
const masqueradeBit = integer(0, 31);
const ipOrEmpty = text('an IP address', (it) => it === '' || parseAddress(it) !== null);
const cidrList = list(text('a CIDR such as 10.0.0.0/8', (it) => parseCidr(it) !== null));

/** `ip:port`, `[ip6]:port`, or an address alone, which kube-proxy completes with its default port. */
const bindAddress = text('ip:port with a port 1..65535', (it) => {
  if (it === '' || parseAddress(it) !== null) return true;
  const match = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(it);
  const port = Number(match?.[3]);
  return match !== null && parseAddress(match[1] ?? match[2] ?? '') !== null && port >= 1 && port <= 65535;
});

const words = (known: readonly string[]): Shape =>
  text(`one of ${known.join(', ')}`, (it) => it === '' || known.includes(it));

export const configurationShape: Shape = object(
  {
    apiVersion: string(),
    kind: string(),
    mode: words(KNOWN_MODES),
    clusterCIDR: text('one CIDR, or one for each family, separated by a comma', (it) =>
      it.split(',').every((item) => item.trim() === '' || parseCidr(item.trim()) !== null),
    ),
    detectLocalMode: words(DETECT_LOCAL_MODES),
    detectLocal: object({ bridgeInterface: string(), interfaceNamePrefix: string() }),
    nodePortAddresses: list(text('a CIDR, or "primary"', (it) => it === 'primary' || parseCidr(it) !== null)),
    hostnameOverride: string(),
    serviceProxyName: string(),
    bindAddress: ipOrEmpty,
    healthzBindAddress: bindAddress,
    metricsBindAddress: bindAddress,
    bindAddressHardFail: boolean(),
    enableProfiling: boolean(),
    showHiddenMetricsForVersion: string(),
    configSyncPeriod: duration,
    oomScoreAdj: integer(-1000, 1000),
    portRange: string(),
    featureGates: mapOf(boolean()),
    logging: anything(),
    windowsRunAsService: boolean(),
    clientConnection: object({
      kubeconfig: string(),
      acceptContentTypes: string(),
      contentType: string(),
      qps: anything(),
      burst: count,
    }),
    iptables: object({
      masqueradeBit,
      masqueradeAll: boolean(),
      localhostNodePorts: boolean(),
      syncPeriod: duration,
      minSyncPeriod: duration,
    }),
    nftables: object({
      masqueradeBit,
      masqueradeAll: boolean(),
      syncPeriod: duration,
      minSyncPeriod: duration,
    }),
    ipvs: object({
      syncPeriod: duration,
      minSyncPeriod: duration,
      scheduler: string(),
      excludeCIDRs: cidrList,
      strictARP: boolean(),
      tcpTimeout: duration,
      tcpFinTimeout: duration,
      udpTimeout: duration,
      masqueradeAll: boolean(),
    }),
    winkernel: object({
      networkName: string(),
      sourceVip: string(),
      enableDSR: boolean(),
      rootHnsEndpointName: string(),
      forwardHealthCheckVip: boolean(),
    }),
    conntrack: object({
      maxPerCore: count,
      min: count,
      tcpEstablishedTimeout: duration,
      tcpCloseWaitTimeout: duration,
      tcpBeLiberal: boolean(),
      udpTimeout: duration,
      udpStreamTimeout: duration,
    }),
  },
  { required: ['apiVersion', 'kind'] },
);
