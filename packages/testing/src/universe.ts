/**
 * The small world that generated clusters and packets share. It is small on purpose: packets hit
 * frontends, services collide on an address, endpoints show up twice, and a node's address is also an
 * external IP. Addresses follow kube-proxy's own test fixtures.
 */
export const NAMESPACES = ['ns1', 'ns2'] as const;
export const SERVICE_NAMES = ['svc1', 'svc2', 'svc3', 'svc4'] as const;
export const NODE_NAMES = ['node-a', 'node-b'] as const;
export const ZONES = ['zone-a', 'zone-b'] as const;
export const POD_NAMES = ['pod-1', 'pod-2', 'pod-3', 'pod-4', 'pod-5', 'pod-6'] as const;
export const POD_LABELS = { app: ['web', 'api'], tier: ['front', 'back'] } as const;
export const PORT_NAMES = ['', 'http', 'dns', 'p80'] as const;

/** A value for each IP family. */
export interface PerFamily<T> {
  readonly IPv4: T;
  readonly IPv6: T;
}

export const CLUSTER_IPS: PerFamily<readonly string[]> = {
  IPv4: ['172.30.0.41', '172.30.0.42', '172.30.0.43'],
  IPv6: ['fd00:10:96::41', 'fd00:10:96::42', 'fd00:10:96::43'],
};

export const SERVICE_CIDRS: PerFamily<string> = { IPv4: '172.30.0.0/16', IPv6: 'fd00:10:96::/112' };

/** In the service CIDR, and no Service has it. */
export const UNALLOCATED: PerFamily<string> = { IPv4: '172.30.0.99', IPv6: 'fd00:10:96::99' };

export const POD_CIDRS: PerFamily<string> = { IPv4: '10.0.0.0/8', IPv6: 'fd00:10::/64' };

/** Interface addresses by node, the primary one first. */
export const NODE_ADDRESSES: Readonly<Record<(typeof NODE_NAMES)[number], PerFamily<readonly string[]>>> = {
  'node-a': { IPv4: ['192.168.0.2', '192.168.1.2'], IPv6: ['2001:db8::1', '2001:db8:1::2'] },
  'node-b': { IPv4: ['192.168.0.3'], IPv6: ['2001:db8::3'] },
};

/** The last one of each family is an address of node-a. */
export const VIPS: PerFamily<readonly string[]> = {
  IPv4: ['1.2.3.4', '1.2.3.5', '192.168.0.2'],
  IPv6: ['2001:db8:aa::1', '2001:db8:aa::2', '2001:db8::1'],
};

/** Pods, then one endpoint outside of the pod range and one on node-a's own address. */
export const ENDPOINT_ADDRESSES: PerFamily<readonly string[]> = {
  IPv4: ['10.0.1.1', '10.0.1.2', '10.0.1.11', '10.0.2.1', '192.0.2.10', '192.168.0.2'],
  IPv6: ['fd00:10::1:1', 'fd00:10::1:2', 'fd00:10::1:b', 'fd00:10::2:1', '2001:db8:c::a', '2001:db8::1'],
};

/** Pods that are no endpoint, and outside addresses on both sides of {@link SOURCE_RANGES}. */
export const CLIENTS: PerFamily<readonly string[]> = {
  IPv4: ['10.0.0.2', '203.0.113.2', '203.0.113.130', '198.51.100.7'],
  IPv6: ['fd00:10::2', '2001:db8:cb::2', '2001:db8:cb:8000::2', '2600:5200::1'],
};

export const SOURCE_RANGES: PerFamily<readonly string[]> = {
  IPv4: ['203.0.113.0/25', '203.0.0.0/8', '10.0.0.0/8', '192.168.0.0/24', '0.0.0.0/0', '198.51.100.7/32'],
  IPv6: ['2001:db8:cb::/49', '2001:db8::/32', 'fd00:10::/64', '::/0', '2600:5200::1/128'],
};

export const LOOPBACK: PerFamily<readonly string[]> = { IPv4: ['127.0.0.1', '127.9.9.9'], IPv6: ['::1'] };

/** The second is also a node port. */
export const SERVICE_PORTS = [80, 30080, 53] as const;
export const NODE_PORTS = [30080, 30081, 30082] as const;
export const HEALTH_CHECK_NODE_PORTS = [32000, 32001] as const;
export const TARGET_PORTS = [8080, 8053] as const;
export const UNUSED_PORT = 9;
