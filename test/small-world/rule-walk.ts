/**
 * An oracle that shares nothing with the compiler: it writes down the chains that kube-proxy would
 * program for the one Service of the small world, and walks a packet through them, hook by hook
 * (chain names and order: kube-proxy's iptables layout, and its nftables layout from 1.36 on).
 */
import type { Mode } from '@shunt/model';
import * as world from './world.js';

export interface WalkedPacket {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

export interface Outcome {
  readonly verdict: 'dnat' | 'reject' | 'drop' | 'accept' | 'none';
  readonly to: readonly string[];
  /** The backends to which the flow is masqueraded. */
  readonly masqueraded: readonly string[];
}

export interface Setting {
  readonly mode: Mode;
  readonly policies: world.Policies;
  readonly classes: readonly world.EndpointClass[];
  readonly detector: boolean;
  readonly masqueradeAll: boolean;
  readonly localhostNodePorts: boolean;
}

/** What a rule does when it matches. `return` leaves the chain; `goto` does not come back to it. */
type Statement =
  | { readonly do: 'drop' | 'reject' | 'accept' | 'mark' | 'return' }
  | { readonly do: 'dnat'; readonly to: readonly string[] }
  | { readonly do: 'jump' | 'goto'; readonly chain: string };

interface Rule {
  readonly when: (packet: WalkedPacket) => boolean;
  readonly then: Statement;
}

type Chains = Map<string, Rule[]>;

const always = (): boolean => true;
const isLoopback = (ip: string): boolean => ip.startsWith('127.');
const isLocal = (ip: string): boolean =>
  isLoopback(ip) || ip === world.NODE_IP || ip === world.SECOND_NODE_IP;
const isPod = (ip: string): boolean => ip.startsWith('10.');
const isAllowed = (ip: string): boolean => /^198\.51\.100\.(\d|\d\d|1[01]\d|12[0-7])$/.test(ip);
const inServiceCIDR = (ip: string): boolean => ip.startsWith('172.30.');
const to =
  (ip: string) =>
  (p: WalkedPacket): boolean =>
    p.protocol === 'TCP' && p.to === ip && p.port === world.PORT;
const toNumber =
  (port: number) =>
  (p: WalkedPacket): boolean =>
    p.protocol === 'TCP' && p.port === port;

/** The rules of one setting, to walk packets through. */
export class RuleWalk {
  readonly #mode: Mode;
  readonly #chains: Chains;

  constructor(setting: Setting) {
    this.#mode = setting.mode;
    this.#chains = setting.mode === 'iptables' ? iptablesChains(setting) : nftablesChains(setting);
  }

  walk(packet: WalkedPacket): Outcome {
    const state = { marked: false, dnat: null as readonly string[] | null };
    for (const chain of hookOrder(this.#mode, packet)) {
      if (state.dnat !== null) break; // what was translated is addressed to a pod now: no later rule matches
      const verdict = run(this.#chains, chain, packet, state);
      if (verdict === 'drop' || verdict === 'reject' || verdict === 'accept') {
        return { verdict, to: [], masqueraded: [] };
      }
    }
    if (state.dnat === null) return { verdict: 'none', to: [], masqueraded: [] };
    const hairpins = state.dnat.filter((endpoint) => endpoint.startsWith(`${packet.from}:`));
    return { verdict: 'dnat', to: state.dnat, masqueraded: state.marked ? state.dnat : hairpins };
  }
}

function hookOrder(mode: Mode, packet: WalkedPacket): string[] {
  const input = isLocal(packet.to);
  const output = isLocal(packet.from);
  const filters = output
    ? input
      ? ['filter-output', 'filter-input']
      : ['filter-output']
    : [input ? 'filter-input' : 'filter-forward'];
  return mode === 'iptables' ? ['nat', ...filters] : ['pre-dnat', 'nat', ...filters];
}

/** Walks one chain; a `goto` ends it whatever the other chain does. */
function run(
  chains: Chains,
  name: string,
  packet: WalkedPacket,
  state: { marked: boolean; dnat: readonly string[] | null },
): 'drop' | 'reject' | 'accept' | 'dnat' | 'end' {
  for (const { when, then } of chains.get(name) ?? []) {
    if (!when(packet)) continue;
    switch (then.do) {
      case 'mark':
        state.marked = true;
        break;
      case 'return':
        return 'end';
      case 'dnat':
        state.dnat = then.to;
        return 'dnat';
      case 'jump':
      case 'goto': {
        const result = run(chains, then.chain, packet, state);
        if (result !== 'end' || then.do === 'goto') return result;
        break;
      }
      default:
        return then.do;
    }
  }
  return 'end';
}

/** The lists of section 4 of the semantics, restated. */
function lists({ policies, classes }: Setting): { cluster: string[]; local: string[]; usable: boolean } {
  const all = classes.map((it, index) => ({ ...it, name: `${world.endpointAddress(index)}:8080` }));
  const names = (chosen: typeof all): string[] => chosen.map((it) => it.name);
  const ready = all.filter((it) => it.ready);
  const dying = all.filter((it) => it.serving && it.terminating);
  let near = ready;
  if (ready.some((it) => it.nodeHint === 'own') && !ready.some((it) => it.nodeHint === 'none')) {
    near = ready.filter((it) => it.nodeHint === 'own');
  } else if (ready.some((it) => it.zoneHint === 'own') && !ready.some((it) => it.zoneHint === 'none')) {
    near = ready.filter((it) => it.zoneHint === 'own');
  }
  const cluster = near.length > 0 ? near : dying;
  const localReady = ready.filter((it) => it.local);
  const local = localReady.length > 0 ? localReady : dying.filter((it) => it.local);
  const usesLocal = policies.internal === 'Local' || policies.external === 'Local';
  return {
    cluster: names(cluster),
    local: usesLocal ? names(local) : [],
    usable: ready.length + dying.length > 0,
  };
}

function iptablesChains(setting: Setting): Chains {
  const { policies, detector, masqueradeAll, localhostNodePorts } = setting;
  const { cluster, local, usable } = lists(setting);
  const internal = policies.internal === 'Local' ? local : cluster;
  const external = policies.external === 'Local' ? local : cluster;
  const internalChain = policies.internal === 'Local' ? 'KUBE-SVL' : 'KUBE-SVC';
  const lbChain = policies.sourceRanges ? 'KUBE-FW' : 'KUBE-EXT';
  const vips = [world.EXTERNAL_IP, world.SECOND_NODE_IP, world.LOAD_BALANCER_IP];
  const chains: Chains = new Map();
  const add = (chain: string, when: Rule['when'], then: Statement): void => {
    chains.set(chain, [...(chains.get(chain) ?? []), { when, then }]);
  };
  const clusterMark = (chain: string): void => {
    if (masqueradeAll) add(chain, to(world.CLUSTER_IP), { do: 'mark' });
    else if (detector) add(chain, (p) => to(world.CLUSTER_IP)(p) && !isPod(p.from), { do: 'mark' });
  };
  // nat
  add('nat', always, { do: 'jump', chain: 'KUBE-SERVICES-NAT' });
  if (internal.length > 0)
    add('KUBE-SERVICES-NAT', to(world.CLUSTER_IP), { do: 'jump', chain: internalChain });
  if (usable) {
    add('KUBE-SERVICES-NAT', to(world.EXTERNAL_IP), { do: 'jump', chain: 'KUBE-EXT' });
    add('KUBE-SERVICES-NAT', to(world.SECOND_NODE_IP), { do: 'jump', chain: 'KUBE-EXT' });
    add('KUBE-SERVICES-NAT', to(world.LOAD_BALANCER_IP), { do: 'jump', chain: lbChain });
    add('KUBE-NODEPORTS-NAT', toNumber(world.NODE_PORT), { do: 'jump', chain: 'KUBE-EXT' });
    add('KUBE-FW', (p) => isAllowed(p.from), { do: 'jump', chain: 'KUBE-EXT' });
  }
  add('KUBE-SERVICES-NAT', (p) => isLocal(p.to) && (localhostNodePorts || !isLoopback(p.to)), {
    do: 'jump',
    chain: 'KUBE-NODEPORTS-NAT',
  });
  if (policies.external === 'Cluster') {
    add('KUBE-EXT', always, { do: 'mark' });
    add('KUBE-EXT', always, { do: 'jump', chain: 'KUBE-SVC' });
  } else {
    if (detector) add('KUBE-EXT', (p) => isPod(p.from), { do: 'jump', chain: 'KUBE-SVC' });
    add('KUBE-EXT', (p) => isLocal(p.from), { do: 'mark' });
    add('KUBE-EXT', (p) => isLocal(p.from), { do: 'jump', chain: 'KUBE-SVC' });
    if (local.length > 0) add('KUBE-EXT', always, { do: 'jump', chain: 'KUBE-SVL' });
  }
  clusterMark(internalChain);
  if (cluster.length > 0) add('KUBE-SVC', always, { do: 'dnat', to: cluster });
  if (local.length > 0) add('KUBE-SVL', always, { do: 'dnat', to: local });
  // filter
  const refuse = !usable ? 'reject' : 'drop';
  if (internal.length === 0) add('KUBE-SERVICES', to(world.CLUSTER_IP), { do: refuse });
  if (external.length === 0) {
    for (const vip of vips) add('KUBE-EXTERNAL-SERVICES', to(vip), { do: refuse });
    add('KUBE-EXTERNAL-SERVICES', (p) => isLocal(p.to) && toNumber(world.NODE_PORT)(p), { do: refuse });
  }
  if (policies.sourceRanges && usable) add('KUBE-PROXY-FIREWALL', to(world.LOAD_BALANCER_IP), { do: 'drop' });
  if (policies.external === 'Local')
    add('KUBE-NODEPORTS', toNumber(world.HEALTH_CHECK_PORT), { do: 'accept' });
  if (localhostNodePorts)
    add('KUBE-FIREWALL', (p) => isLoopback(p.to) && !isLoopback(p.from), { do: 'drop' });
  const hooks = {
    'filter-input': ['KUBE-FIREWALL', 'KUBE-PROXY-FIREWALL', 'KUBE-NODEPORTS', 'KUBE-EXTERNAL-SERVICES'],
    'filter-forward': ['KUBE-PROXY-FIREWALL', 'KUBE-SERVICES', 'KUBE-EXTERNAL-SERVICES'],
    'filter-output': ['KUBE-FIREWALL', 'KUBE-PROXY-FIREWALL', 'KUBE-SERVICES'],
  };
  for (const [hook, jumps] of Object.entries(hooks))
    for (const chain of jumps) add(hook, always, { do: 'jump', chain });
  return chains;
}

function nftablesChains(setting: Setting): Chains {
  const { policies, detector, masqueradeAll } = setting;
  const { cluster, local, usable } = lists(setting);
  const internal = policies.internal === 'Local' ? local : cluster;
  const external = policies.external === 'Local' ? local : cluster;
  const vips = [world.EXTERNAL_IP, world.SECOND_NODE_IP, world.LOAD_BALANCER_IP];
  const chains: Chains = new Map();
  const add = (chain: string, when: Rule['when'], then: Statement): void => {
    chains.set(chain, [...(chains.get(chain) ?? []), { when, then }]);
  };
  // Node ports are served on the primary address.
  const onNodePort = (p: WalkedPacket): boolean => p.to === world.NODE_IP && toNumber(world.NODE_PORT)(p);
  if (policies.sourceRanges) {
    add('pre-dnat', (p) => to(world.LOAD_BALANCER_IP)(p) && !isAllowed(p.from), { do: 'drop' });
  }
  add('nat', always, { do: 'jump', chain: 'services' });
  if (masqueradeAll) add('services', (p) => p.to === world.CLUSTER_IP, { do: 'mark' });
  else if (detector) add('services', (p) => p.to === world.CLUSTER_IP && !isPod(p.from), { do: 'mark' });
  if (internal.length > 0) {
    const chain = policies.internal === 'Local' ? 'local' : 'service';
    add('services', to(world.CLUSTER_IP), { do: 'goto', chain });
  }
  if (usable) {
    for (const vip of vips) add('services', to(vip), { do: 'goto', chain: 'external' });
    add('services', onNodePort, { do: 'goto', chain: 'external' });
  }
  if (policies.external === 'Cluster') {
    add('external', always, { do: 'mark' });
    add('external', always, { do: 'goto', chain: 'service' });
  } else {
    if (detector) add('external', (p) => isPod(p.from), { do: 'goto', chain: 'service' });
    add('external', (p) => isLocal(p.from), { do: 'mark' });
    add('external', (p) => isLocal(p.from), { do: 'goto', chain: 'service' });
    if (local.length > 0) add('external', always, { do: 'goto', chain: 'local' });
  }
  if (cluster.length > 0) add('service', always, { do: 'dnat', to: cluster });
  if (local.length > 0) add('local', always, { do: 'dnat', to: local });
  const refuse = !usable ? 'reject' : 'drop';
  if (internal.length === 0) add('service-endpoints-check', to(world.CLUSTER_IP), { do: refuse });
  if (external.length === 0) {
    for (const vip of vips) add('service-endpoints-check', to(vip), { do: refuse });
    add('nodeport-endpoints-check', onNodePort, { do: refuse });
  }
  add('cluster-ips-check', (p) => p.to === world.CLUSTER_IP, { do: 'reject' });
  add('cluster-ips-check', (p) => inServiceCIDR(p.to), { do: 'drop' });
  const hooks = {
    'filter-input': ['nodeport-endpoints-check', 'service-endpoints-check'],
    'filter-forward': ['service-endpoints-check', 'cluster-ips-check'],
    'filter-output': ['service-endpoints-check', 'cluster-ips-check'],
  };
  for (const [hook, jumps] of Object.entries(hooks))
    for (const chain of jumps) add(hook, always, { do: 'jump', chain });
  return chains;
}
