/**
 * kube-proxy's own nftables layout, as of its release 1.36: a chain for each service port and what may come to it, an
 * anonymous map of its endpoints in the chain's one rule, chains for endpoints only where there is affinity. Text
 * as kube-proxy gives it to nft: one command for each object, all of a sync in one transaction. Both families
 * go into one text, where kube-proxy runs nft twice. A service port whose chains are no longer needed has them flushed;
 * kube-proxy deletes them later, in a transaction of its own, which is not counted here.
 */
import {
  type Backend,
  type Frontend,
  type Pool,
  type Ruleset,
  type RulesetChange,
  type ServicePort,
  servicePortName,
  shortHash,
} from '@shunt/compiler';
import { type Cidr, cidrFamily, FAMILIES, formatAddress, formatCidr } from '@shunt/model';
import { MARK, NFT, staticCommands, TABLE } from './kube-proxy-table.js';

/** What of a service port is in the table: elements by container and key, chains by name. */
interface PortRules {
  readonly elements: ReadonlyMap<string, string>;
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly affinitySets: ReadonlyMap<string, number>;
}

/** Everything from nothing: removes the tables if they are there. */
export function kubeProxyLoad(ruleset: Ruleset): string {
  const lines = FAMILIES.flatMap((family) => [
    ...staticCommands(ruleset, family),
    ...ruleset.servicePorts.flatMap((port) =>
      port.family === family ? changeCommands(null, port, ruleset) : [],
    ),
  ]);
  return `${lines.join('\n')}\n`;
}

/** One sync, in which some service ports are others than before; sections do not change. */
export function kubeProxyUpdate(ruleset: Ruleset, { added, removed, replaced }: RulesetChange): string {
  const lines = [
    ...removed.flatMap((port) => changeCommands(port, null, ruleset)),
    ...added.flatMap((port) => changeCommands(null, port, ruleset)),
    ...replaced.flatMap(({ before, after }) => changeCommands(before, after, ruleset)),
  ];
  return `${lines.join('\n')}\n`;
}

/** Commands that lead from one version of a service port to another; `null`: it is not there. */
function changeCommands(before: ServicePort | null, after: ServicePort | null, ruleset: Ruleset): string[] {
  const nft = NFT[(after ?? before)?.family ?? 'IPv4'].family;
  const none: PortRules = { elements: new Map(), chains: new Map(), affinitySets: new Map() };
  const was = before === null ? none : portRules(before, ruleset);
  const is = after === null ? none : portRules(after, ruleset);
  const lines: string[] = [];
  const { type } = NFT[(after ?? before)?.family ?? 'IPv4'];
  for (const [name, seconds] of is.affinitySets) {
    lines.push(
      `add set ${nft} ${TABLE} ${name} { type ${type} ; flags dynamic,timeout ; timeout ${seconds}s ; }`,
    );
  }
  for (const name of is.chains.keys()) {
    lines.push(`add chain ${nft} ${TABLE} ${name}`);
    if (before !== null) lines.push(`flush chain ${nft} ${TABLE} ${name}`);
  }
  for (const [name, rules] of is.chains) {
    for (const rule of rules) lines.push(`add rule ${nft} ${TABLE} ${name} ${rule}`);
  }
  for (const [key, data] of is.elements) {
    const held = was.elements.get(key);
    if (held === data) continue;
    const [container = '', ...words] = key.split(' ');
    const element = words.join(' ');
    if (held !== undefined) lines.push(`delete element ${nft} ${TABLE} ${container} { ${element} }`);
    lines.push(`add element ${nft} ${TABLE} ${container} { ${element}${data} }`);
  }
  for (const key of was.elements.keys()) {
    if (is.elements.has(key)) continue;
    const [container = '', ...words] = key.split(' ');
    lines.push(`delete element ${nft} ${TABLE} ${container} { ${words.join(' ')} }`);
  }
  for (const name of was.chains.keys()) {
    if (!is.chains.has(name)) lines.push(`flush chain ${nft} ${TABLE} ${name}`);
  }
  for (const name of was.affinitySets.keys()) {
    if (!is.affinitySets.has(name)) lines.push(`delete set ${nft} ${TABLE} ${name}`);
  }
  return lines;
}

function portRules(port: ServicePort, ruleset: Ruleset): PortRules {
  const { family } = port;
  const ip = NFT[family].family;
  const protocol = port.protocol.toLowerCase();
  const base = `${port.namespace}/${port.name}/${protocol}/${port.portName}`;
  const name = hashed(base);
  const elements = new Map<string, string>();
  const chains = new Map<string, readonly string[]>();
  const affinitySets = new Map<string, number>();
  for (const frontend of port.frontends) {
    for (const [key, data] of frontendElements(port, frontend, name)) elements.set(key, data);
  }
  const poolChain = (chain: string, pool: Pool): void => {
    const { affinitySeconds } = port;
    if (affinitySeconds === null) {
      chains.set(chain, [dnatRule(ip, protocol, pool.backends)]);
      return;
    }
    const ends = pool.backends.map((backend) => endpointName(base, backend));
    for (const [index, end] of ends.entries()) {
      const { address, port: number } = pool.backends[index] as Backend;
      affinitySets.set(`affinity-${end}`, affinitySeconds);
      chains.set(`endpoint-${end}`, [
        `update @affinity-${end} { ${ip} saddr }`,
        `meta l4proto ${protocol} dnat to ${endpointText(address, number)}`,
      ]);
    }
    const verdicts = ends.map((end, index) => `${index} : goto endpoint-${end}`).join(' , ');
    chains.set(chain, [
      ...ends.map((end) => `${ip} saddr @affinity-${end} goto endpoint-${end}`),
      `numgen random mod ${ends.length} vmap { ${verdicts} }`,
    ]);
  };
  const { clusterPool, localPool } = port;
  if (clusterPool !== null && clusterPool.backends.length > 0) poolChain(`service-${name}`, clusterPool);
  if (localPool !== null && localPool.backends.length > 0) poolChain(`local-${name}`, localPool);
  const external = externalRules(port, ruleset, name);
  if (external !== null) chains.set(`external-${name}`, external);
  const ranges = port.frontends.find(({ sourceRanges }) => sourceRanges !== null)?.sourceRanges;
  if (ranges != null) {
    chains.set(`firewall-${name}`, [`${ip} saddr != { ${ranges.map(formatCidr).join(' , ')} } drop`]);
  }
  for (const { address, port: number, local } of [
    ...(clusterPool?.backends ?? []),
    ...(localPool?.backends ?? []),
  ]) {
    if (!local) continue;
    const text = formatAddress(address);
    elements.set(`hairpin-connections ${text} . ${text} . ${protocol} . ${number}`, '');
  }
  return { elements, chains, affinitySets };
}

function frontendElements(port: ServicePort, frontend: Frontend, name: string): [string, string][] {
  const { kind, address, port: number, actions, sourceRanges } = frontend;
  const protocol = port.protocol.toLowerCase();
  const found: [string, string][] = [];
  const comment = ` comment "${servicePortName(port)}"`;
  const isNodePort = address === null;
  const at = isNodePort ? `${protocol} . ${number}` : `${formatAddress(address)} . ${protocol} . ${number}`;
  const { outside } = actions;
  if (kind === 'clusterIP' && address !== null) found.push([`cluster-ips ${formatAddress(address)}`, '']);
  if (outside.verdict === 'reject' || outside.verdict === 'drop') {
    const container = isNodePort ? 'no-endpoint-nodeports' : 'no-endpoint-services';
    const verdict = outside.verdict === 'reject' ? 'goto reject-chain' : 'drop';
    found.push([`${container} ${at}`, `${comment} : ${verdict}`]);
  }
  const pool = outside.verdict === 'forward' && outside.pool === 'local' ? 'local' : 'service';
  if (kind === 'clusterIP' && outside.verdict === 'forward') {
    found.push([`service-ips ${at}`, ` : goto ${pool}-${name}`]);
  } else if (kind !== 'clusterIP' && outside.verdict !== 'reject') {
    found.push([`${isNodePort ? 'service-nodeports' : 'service-ips'} ${at}`, ` : goto external-${name}`]);
  }
  if (sourceRanges !== null) found.push([`firewall-ips ${at}`, ` : goto firewall-${name}`]);
  return found;
}

/** @returns `null` without anything that comes from outside, or without endpoints */
function externalRules(port: ServicePort, { podCIDRs }: Ruleset, name: string): string[] | null {
  const frontend = port.frontends.find(({ kind }) => kind !== 'clusterIP');
  if (frontend === undefined) return null;
  const { outside, pod } = frontend.actions;
  if (outside.verdict === 'reject') return null;
  const mark = `mark set mark or ${MARK}`;
  if (outside.verdict === 'forward' && outside.pool === 'cluster') {
    return [`${mark} comment "masquerade"`, `goto service-${name}`];
  }
  const ip = NFT[port.family].family;
  const pods: Cidr | undefined = podCIDRs.find((range) => cidrFamily(range) === port.family);
  const rules: string[] = [];
  if (pods !== undefined && pod.verdict === 'forward') {
    rules.push(`${ip} saddr ${formatCidr(pods)} goto service-${name} comment "short-circuit pod traffic"`);
  }
  rules.push(
    `fib saddr type local ${mark} comment "masquerade local traffic"`,
    `fib saddr type local goto service-${name} comment "short-circuit local traffic"`,
  );
  if (outside.verdict === 'forward') rules.push(`goto local-${name}`);
  return rules;
}

function dnatRule(ip: string, protocol: string, backends: readonly Backend[]): string {
  const [only] = backends;
  if (backends.length === 1 && only !== undefined) {
    return `meta l4proto ${protocol} dnat to ${endpointText(only.address, only.port)}`;
  }
  const elements = backends.map(
    ({ address, port }, index) => `${index} : ${formatAddress(address)} . ${port}`,
  );
  const map = `numgen random mod ${backends.length} map { ${elements.join(' , ')} }`;
  return `meta l4proto ${protocol} dnat ${ip} addr . port to ${map}`;
}

function endpointText(address: Backend['address'], port: number): string {
  return typeof address === 'number'
    ? `${formatAddress(address)}:${port}`
    : `[${formatAddress(address)}]:${port}`;
}

function endpointName(base: string, { address, port }: Backend): string {
  return hashed(`${base}__${formatAddress(address).replaceAll(':', '.')}/${port}`);
}

/** 240 characters at most, as kube-proxy cuts names; the hash is that of the whole. */
function hashed(name: string): string {
  const whole = `${shortHash(name, 8)}-${name}`;
  return whole.length > 240 ? `${whole.slice(0, 237)}...` : whole;
}
