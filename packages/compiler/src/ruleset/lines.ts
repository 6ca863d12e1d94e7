/** The lines of a printed ruleset, one function for each fact. What they look like: docs/ruleset.md. */
import { type Family, formatAddress, formatCidr, formatEndpoint, ORIGINS } from '@shunt/model';
import { slotsNameThemselves } from './slots.js';
import type {
  Action,
  Backend,
  EndpointAddress,
  Frontend,
  Pool,
  PoolName,
  Ruleset,
  ServicePort,
} from './types.js';

/** Indexes on one `slots` line: a fixed number, so that a moved slot changes one line only. */
export const SLOTS_PER_LINE = 16;

/** What a name may hold without quotes: all that Kubernetes allows in one, and more. */
const BARE_NAME = /^[A-Za-z0-9._-]+$/;

/** The lines above the service ports. */
export function headerLines(ruleset: Ruleset): string[] {
  return [
    `ruleset ${ruleset.mode} node ${nameText(ruleset.node)}`,
    ...ruleset.podCIDRs.map((range) => `pods ${formatCidr(range)}`),
    ...ruleset.localAddresses.map((address) => `local ${formatAddress(address)}`),
    nodePortsLine(ruleset, 'IPv4'),
    nodePortsLine(ruleset, 'IPv6'),
    ...ruleset.clusterIPs.map((address) => `cluster-ip ${formatAddress(address)}`),
    ...ruleset.serviceCIDRs.map((range) => `service-cidr ${formatCidr(range)}`),
  ];
}

export function nodePortsLine(ruleset: Ruleset, family: Family): string {
  const { match, loopback, refuse } = ruleset.nodePorts[family];
  const addresses = match === 'local' ? match : match.map(formatAddress).join(' ') || 'none';
  return `node-ports ${family} on ${addresses}${loopback ? ' with loopback' : ''} refuse ${refuse}`;
}

/** The line that names a service port. */
export function servicePortLine(
  port: Pick<ServicePort, 'family' | 'namespace' | 'name' | 'portName' | 'protocol'>,
): string {
  const portName = port.portName === '' ? '' : `:${nameText(port.portName)}`;
  return `service-port ${port.family} ${nameText(port.namespace)}/${nameText(port.name)}${portName} ${port.protocol}`;
}

export function settingLines(port: ServicePort): string[] {
  const lines = [`policy internal ${port.internalTrafficPolicy} external ${port.externalTrafficPolicy}`];
  if (port.affinitySeconds !== null) lines.push(`affinity ${port.affinitySeconds}s`);
  if (port.healthCheckNodePort !== null) lines.push(`health-check ${port.healthCheckNodePort}`);
  lines.push(port.hasEndpoints ? 'has-endpoints' : 'no-endpoints');
  return lines;
}

/** The part of a frontend's line that says what it matches. */
export function frontendPlace(frontend: Pick<Frontend, 'kind' | 'address' | 'port'>): string {
  const { kind, address, port } = frontend;
  return `${kind} ${address === null ? port : formatEndpoint(address, port)}`;
}

export function frontendLine(frontend: Frontend): string {
  return `${frontendPlace(frontend)} ${actionsText(frontend.actions)}`;
}

export function sourceLines(frontend: Frontend): string[] {
  if (frontend.sourceRanges === null) return [];
  if (frontend.sourceRanges.length === 0) return ['sources none'];
  return frontend.sourceRanges.map((range) => `sources ${formatCidr(range)}`);
}

/** `any -> ACTION` when all origins are treated alike, else one action for each origin. */
export function actionsText(actions: Frontend['actions']): string {
  const [pod, node, outside] = ORIGINS.map((origin) => actionText(actions[origin]));
  if (pod === node && node === outside) return `any -> ${pod}`;
  return `pod -> ${pod}, node -> ${node}, outside -> ${outside}`;
}

export function poolLine(name: PoolName, pool: Pool): string {
  const slots = slotsAreBackends(pool) ? '' : ` ${pool.slots.length} slots`;
  return `pool ${name} ${pool.strategy}${slots}`;
}

export function backendLine(backend: Backend): string {
  const weight = backend.weight === 1 ? '' : ` weight ${backend.weight}`;
  return `backend ${formatEndpoint(backend.address, backend.port)}${backend.local ? ' local' : ''}${weight}`;
}

/** The slots in lines of fixed length, each with the number of its first slot. */
export function slotLines(pool: Pool): string[] {
  if (slotsAreBackends(pool)) return [];
  const lines: string[] = [];
  const slots = [...pool.slots];
  for (let first = 0; first < slots.length; first += SLOTS_PER_LINE) {
    lines.push(`slots ${first}: ${slots.slice(first, first + SLOTS_PER_LINE).join(' ')}`);
  }
  return lines;
}

export function servingLine(endpoint: EndpointAddress): string {
  return `serving ${formatEndpoint(endpoint.address, endpoint.port)}`;
}

/** Whether the strategy is one whose slot i is backend i, and the slots are so. */
export function slotsAreBackends({ strategy, slots, backends }: Pool): boolean {
  if (strategy !== 'even' && strategy !== 'random') return false;
  return slots.length === backends.length && slotsNameThemselves(slots);
}

function actionText(action: Action): string {
  if (action.verdict !== 'forward') return action.verdict;
  return action.masquerade === 'always' ? `${action.pool} masquerade` : action.pool;
}

function nameText(name: string): string {
  return BARE_NAME.test(name) ? name : JSON.stringify(name);
}
