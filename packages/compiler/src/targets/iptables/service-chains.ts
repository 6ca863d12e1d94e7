/** The chains of one service port, and of its endpoints: nat table only. */
import { type Cidr, formatAddress, formatCidr, formatEndpoint } from '@shunt/model';
import { BALANCERS } from '../../balance/balancers.js';
import { type Backend, type Pool, servicePortName } from '../../ruleset/types.js';
import { MARK_MASQUERADE } from './chain-names.js';
import type { ExternalDispatch } from './dispatch.js';
import { matchOf, type PortRulesInput } from './dispatch-rules.js';
import { comment, nameComment, protocolMatch } from './rule-words.js';

/** One chain with its rules, as lines of input: `-A CHAIN ...`. */
export interface ServiceChain {
  readonly name: string;
  readonly rules: readonly string[];
}

export interface ServiceChainsOptions {
  /** The local detector's range; `null`: none. */
  readonly pods: Cidr | null;
  /** In large clusters the rules of endpoints have no comments. */
  readonly commentEndpoints: boolean;
}

/** All chains of a service port, in the order in which kube-proxy writes them. */
export function serviceChains(input: PortRulesInput, options: ServiceChainsOptions): ServiceChain[] {
  const { port, chains, dispatch } = input;
  const { internal, external } = dispatch;
  const written: ServiceChain[] = [];
  if (external !== null && external.outside !== null) {
    written.push({ name: chains.external, rules: externalRules(input, external, options) });
    if (external.sourceRanges !== null) {
      written.push({ name: chains.firewall, rules: firewallRules(input, external, external.sourceRanges) });
    }
  }
  for (const name of ['cluster', 'local'] as const) {
    const pool = name === 'cluster' ? port.clusterPool : port.localPool;
    if (pool === null || pool.backends.length === 0) continue;
    const marks = internal?.pool === name ? markRules(input, chains[name], options) : [];
    const rules = [...marks, ...poolRules(input, chains[name], pool, options)];
    written.push({ name: chains[name], rules });
  }
  for (const backend of reachableBackends(input)) written.push(endpointRules(input, backend, options));
  return written;
}

/** The names of all chains that {@link serviceChains} writes. */
export function serviceChainNames({ port, chains, dispatch }: PortRulesInput): string[] {
  const { external } = dispatch;
  const names: string[] = [];
  if (external !== null && external.outside !== null) {
    names.push(chains.external);
    if (external.sourceRanges !== null) names.push(chains.firewall);
  }
  if (port.clusterPool !== null && port.clusterPool.backends.length > 0) names.push(chains.cluster);
  if (port.localPool !== null && port.localPool.backends.length > 0) names.push(chains.local);
  for (const backend of reachableBackends({ port })) names.push(chains.endpoint(backend));
  return names;
}

/** The backends of both pools, each once. */
export function reachableBackends({ port }: Pick<PortRulesInput, 'port'>): readonly Backend[] {
  const cluster = port.clusterPool?.backends ?? [];
  const local = port.localPool?.backends ?? [];
  if (local.length === 0) return cluster;
  const seen = new Set(cluster.map(({ address, port: number }) => `${address} ${number}`));
  return [...cluster, ...local.filter(({ address, port: number }) => !seen.has(`${address} ${number}`))];
}

/** What of the cluster IP's packets is masqueraded: the first rule of the chain that they are sent to. */
function markRules(
  { port, dispatch: { internal } }: PortRulesInput,
  chain: string,
  { pods }: ServiceChainsOptions,
): string[] {
  if (internal === null || internal.masquerade === 'none') return [];
  const text = comment(`${servicePortName(port)} cluster IP`);
  const match = matchOf(port, internal.frontend);
  if (internal.masquerade === 'all') return [`-A ${chain} ${text} ${match} -j ${MARK_MASQUERADE}`];
  // Where everything is a pod, the rule would match nothing, and iptables-nft refuses it.
  if (pods === null || pods.prefix === 0) return [];
  return [`-A ${chain} ${text} ${match} ! -s ${formatCidr(pods)} -j ${MARK_MASQUERADE}`];
}

function externalRules(
  { port, chains }: PortRulesInput,
  { outside, shortCircuitsPods }: ExternalDispatch,
  { pods }: ServiceChainsOptions,
): string[] {
  const name = servicePortName(port);
  const rule = (text: string, words: string): string =>
    `-A ${chains.external} ${comment(`${text} ${name} external destinations`)} ${words}`;
  if (outside === 'cluster') {
    return [
      rule('masquerade traffic for', `-j ${MARK_MASQUERADE}`),
      `-A ${chains.external} -j ${chains.cluster}`,
    ];
  }
  const rules: string[] = [];
  if (shortCircuitsPods && pods !== null) {
    rules.push(rule('pod traffic for', `-s ${formatCidr(pods)} -j ${chains.cluster}`));
  }
  rules.push(
    rule('masquerade LOCAL traffic for', `-m addrtype --src-type LOCAL -j ${MARK_MASQUERADE}`),
    rule('route LOCAL traffic for', `-m addrtype --src-type LOCAL -j ${chains.cluster}`),
  );
  if (outside === 'local') rules.push(`-A ${chains.external} -j ${chains.local}`);
  return rules;
}

function firewallRules(
  { port, chains }: PortRulesInput,
  { loadBalancerIPs }: ExternalDispatch,
  sourceRanges: readonly Cidr[],
): string[] {
  const name = servicePortName(port);
  const allow = (source: string): string =>
    `-A ${chains.firewall} ${comment(`${name} loadbalancer IP`)} -s ${source} -j ${chains.external}`;
  // The node's own packets to a load-balancer IP have that as their source: kube-proxy lets these in last.
  const isOwn = ({ base, prefix }: Cidr): boolean =>
    prefix === (typeof base === 'number' ? 32 : 128) &&
    loadBalancerIPs.some(({ address }) => address === base);
  return [
    ...sourceRanges.filter((range) => !isOwn(range)).map((range) => allow(formatCidr(range))),
    ...sourceRanges.filter(isOwn).map(({ base }) => allow(formatAddress(base))),
    `-A ${chains.firewall} ${comment(`other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL`)}`,
  ];
}

function poolRules(
  { port, chains }: PortRulesInput,
  chain: string,
  pool: Pool,
  { commentEndpoints }: ServiceChainsOptions,
): string[] {
  const name = servicePortName(port);
  const start = ({ address, port: number }: Backend): string =>
    commentEndpoints
      ? `-A ${chain} ${comment(`${name} -> ${formatEndpoint(address, number)}`)}`
      : `-A ${chain}`;
  const endpoints = pool.backends.map((backend) => ({
    start: start(backend),
    chain: chains.endpoint(backend),
  }));
  const rules: string[] = [];
  if (port.affinitySeconds !== null) {
    for (const endpoint of endpoints) {
      rules.push(
        `${endpoint.start} -m recent --name ${endpoint.chain} --rcheck --seconds ${port.affinitySeconds} --reap -j ${endpoint.chain}`,
      );
    }
  }
  const probabilities = probabilitiesOf(pool);
  endpoints.forEach((endpoint, index) => {
    const chance = probabilities[index];
    const random =
      index === endpoints.length - 1 || chance === undefined
        ? ''
        : ` -m statistic --mode random --probability ${chance.toFixed(10)}`;
    rules.push(`${endpoint.start}${random} -j ${endpoint.chain}`);
  });
  return rules;
}

/** The probability of each backend for packets that none before it has taken. */
function probabilitiesOf({ backends, strategy }: Pool): number[] {
  const weights = backends.map(({ weight }) => (BALANCERS[strategy].honoursWeight ? weight : 1));
  let left = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => {
    const chance = weight / left;
    left -= weight;
    return chance;
  });
}

function endpointRules(
  { port, chains }: PortRulesInput,
  backend: Backend,
  { commentEndpoints }: ServiceChainsOptions,
): ServiceChain {
  const name = chains.endpoint(backend);
  const start = commentEndpoints ? `-A ${name} ${nameComment(servicePortName(port))}` : `-A ${name}`;
  const remember = port.affinitySeconds === null ? '' : ` -m recent --name ${name} --set`;
  const translate = `-j DNAT --to-destination ${formatEndpoint(backend.address, backend.port)}`;
  return {
    name,
    rules: [
      `${start} -s ${formatAddress(backend.address)} -j ${MARK_MASQUERADE}`,
      `${start}${remember} ${protocolMatch(port.protocol)} ${translate}`,
    ],
  };
}
