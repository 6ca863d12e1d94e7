/** An agent in a time of its own, with a source and a kernel that tests hold in their hands. */
import { Agent, type AgentOptions, type ClusterSource, DEFAULT_TIMING, type Log } from '@shunt/agent';
import { defaultConfig } from '@shunt/compiler';
import { ClusterState, cidr, type EndpointSlice, type Node, type Service } from '@shunt/model';
import { FakeDriver, type FakeKernel } from './fake-driver.js';
import { VirtualClock } from './virtual-clock.js';

/** A cluster that a test changes by hand. */
export class HandSource implements ClusterSource {
  readonly name = 'the test';
  state = new ClusterState();
  stopped = false;
  readonly #first: readonly Parameters<ClusterState['upsert']>[0][];

  constructor(first: readonly Parameters<ClusterState['upsert']>[0][] = []) {
    this.#first = first;
  }

  start(state: ClusterState, synced: () => void): void {
    this.state = state;
    for (const object of this.#first) state.upsert(object);
    synced();
  }

  stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }
}

/** A log whose lines are `level message`. */
export class ListLog implements Log {
  readonly lines: string[] = [];
  readonly debug = (): void => {};
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');

  /** The lines since the last call, without what is merely informing. */
  take(): string[] {
    return this.lines.splice(0).filter((line) => !line.startsWith('info'));
  }

  #writer(level: string): Log['info'] {
    return (_, message) => void this.lines.push(`${level} ${message}`);
  }
}

export interface VirtualAgent {
  readonly agent: Agent;
  readonly clock: VirtualClock;
  readonly source: HandSource;
  readonly driver: FakeDriver;
  readonly log: ListLog;
}

export async function startAgent(
  objects: readonly Parameters<ClusterState['upsert']>[0][],
  options: Partial<AgentOptions> & {
    readonly kernel?: FakeKernel;
    readonly now?: number;
    /** Whether the driver has a cheap look. */
    readonly glances?: boolean;
  } = {},
): Promise<VirtualAgent> {
  const { kernel, now, glances = false, ...rest } = options;
  const clock = new VirtualClock(now ?? Date.UTC(2025, 0, 1));
  const source = new HandSource(objects);
  const driver = new FakeDriver(kernel);
  if (glances) driver.isInPlace = async () => driver.kernel.rules !== null;
  const log = new ListLog();
  const agent = new Agent({
    source,
    driver,
    flows: null,
    node: NODE_OPTIONS,
    config: { ...defaultConfig('nftables'), clusterCIDRs: [cidr('10.244.0.0/16')] },
    timing: DEFAULT_TIMING,
    clock,
    log,
    healthAddress: null,
    metricsAddress: null,
    servesHealthChecks: false,
    ...rest,
  });
  await agent.start();
  await clock.advance(0);
  return { agent, clock, source, driver, log };
}

export const NODE_OPTIONS: AgentOptions['node'] = {
  name: 'node-a',
  addresses: [],
  interfaceAddresses: () => [],
  zone: null,
  bindAddress: null,
};

export const NODE: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-a' },
  status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }] },
};

export function service(name: string, spec: Partial<Service['spec']> = {}): Service {
  const last = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 250, 7) + 1;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { clusterIP: `10.96.0.${last}`, ports: [{ name: 'p', port: 80 }], ...spec },
    status: {},
  };
}

export function slice(
  name: string,
  addresses: readonly string[],
  { protocol = 'TCP', triggered }: { protocol?: 'TCP' | 'UDP'; triggered?: string } = {},
): EndpointSlice {
  const annotations =
    triggered === undefined
      ? {}
      : { annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': triggered } };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-1`,
      namespace: 'shop',
      labels: { 'kubernetes.io/service-name': name },
      ...annotations,
    },
    addressType: 'IPv4',
    ports: [{ name: 'p', port: 8080, protocol }],
    endpoints: addresses.map((address) => ({ addresses: [address], nodeName: 'node-a' })),
  };
}
