/** Rulesets of a few Services, for tests that look at what becomes of them. */
import { type Ruleset, readRuleset } from '@shunt/compiler';
import type { Mode } from '@shunt/model';

export interface SmallServicePort {
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly clusterIP: string;
  readonly port: number;
  readonly backends: readonly string[];
}

/** A service port of namespace `ns`, TCP port 80 unless told otherwise. Its backends listen on 8080. */
export function servicePort(
  given: Pick<SmallServicePort, 'name' | 'clusterIP' | 'backends'> & Partial<SmallServicePort>,
): SmallServicePort {
  return { protocol: 'TCP', port: 80, ...given };
}

/** A ruleset of IPv4 service ports with cluster IPs. They come in the order of their names. */
export function rulesetOf(mode: Mode, ports: readonly SmallServicePort[]): Ruleset {
  const refuse = mode === 'nftables' ? 'same' : 'local';
  const sorted = [...ports].sort((a, b) => (a.name < b.name ? -1 : 1));
  const lines = [
    `ruleset ${mode} node n`,
    `node-ports IPv4 on local refuse ${refuse}`,
    `node-ports IPv6 on local refuse ${refuse}`,
    ...(mode === 'nftables' ? sorted.map(({ clusterIP }) => `cluster-ip ${clusterIP}`) : []),
    ...sorted.flatMap(linesOf),
  ];
  const { ruleset, diagnostics } = readRuleset(`${lines.join('\n')}\n`);
  if (ruleset === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return ruleset;
}

function linesOf({ name, protocol, clusterIP, port, backends }: SmallServicePort): string[] {
  const places = [...backends].sort().map((address) => `${address}:8080`);
  const isEmpty = places.length === 0;
  return [
    `service-port IPv4 ns/${name} ${protocol}`,
    '  policy internal Cluster external Cluster',
    isEmpty ? '  no-endpoints' : '  has-endpoints',
    `  clusterIP ${clusterIP}:${port} any -> ${isEmpty ? 'reject' : 'cluster'}`,
    '  pool cluster even',
    ...places.map((place) => `    backend ${place}`),
    ...(protocol === 'UDP' ? places.map((place) => `  serving ${place}`) : []),
  ];
}
