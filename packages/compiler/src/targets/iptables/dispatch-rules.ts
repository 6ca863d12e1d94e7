/**
 * What a service port adds to the chains that all share. These rules are written again with every change of
 * anything, so they are made once for each service port.
 */
import { type Frontend, type ServicePort, servicePortName } from '../../ruleset/types.js';
import { type ChainNames, EXTERNAL_SERVICES, NODE_PORTS, PROXY_FIREWALL, SERVICES } from './chain-names.js';
import type { Dispatch, ExternalDispatch, InternalDispatch, Refusal } from './dispatch.js';
import { comment, frontendMatch, nameComment, protocolMatch } from './rule-words.js';

/** Rules as lines of input: `-A CHAIN ...`. */
export interface SharedRules {
  readonly filter: readonly string[];
  /** Of the filter table, too; before those of others' addresses where they clash. */
  readonly nodePortRefusals: readonly string[];
  readonly nat: readonly string[];
}

/** What the rules of one service port are made from. */
export interface PortRulesInput {
  readonly port: ServicePort;
  readonly chains: ChainNames;
  readonly dispatch: Dispatch;
}

/** @param countLocalhost - packets to node ports on localhost are counted, by a rule of their own */
export function sharedRules(input: PortRulesInput, countLocalhost: boolean): SharedRules {
  const rules: WritableRules = { filter: [], nodePortRefusals: [], nat: [] };
  const { internal, external, healthCheck } = input.dispatch;
  if (internal !== null) writeInternal(rules, input, internal);
  if (external !== null) {
    for (const frontend of external.externalIPs) writeExternalIP(rules, input, external, frontend);
    writeLoadBalancerIPs(rules, input, external);
    if (external.nodePort !== null) writeNodePort(rules, input, external, external.nodePort, countLocalhost);
  }
  if (healthCheck !== null) {
    const text = comment(`${servicePortName(input.port)} health check node port`);
    rules.filter.push(`-A ${NODE_PORTS} ${text} -m tcp -p tcp --dport ${healthCheck.port} -j ACCEPT`);
  }
  return rules;
}

interface WritableRules {
  readonly filter: string[];
  readonly nodePortRefusals: string[];
  readonly nat: string[];
}

function writeInternal(rules: WritableRules, input: PortRulesInput, internal: InternalDispatch): void {
  const { port, chains } = input;
  const match = matchOf(port, internal.frontend);
  if (internal.refusal !== null) {
    rules.filter.push(
      `-A ${SERVICES} ${refusalComment(port, internal.refusal)} ${match} -j ${internal.refusal}`,
    );
  } else {
    const target = internal.pool === 'local' ? chains.local : chains.cluster;
    rules.nat.push(`-A ${SERVICES} ${comment(`${servicePortName(port)} cluster IP`)} ${match} -j ${target}`);
  }
}

function writeExternalIP(
  rules: WritableRules,
  { port, chains }: PortRulesInput,
  { outside, refusal }: ExternalDispatch,
  frontend: Frontend,
): void {
  const match = matchOf(port, frontend);
  if (outside !== null) {
    const text = comment(`${servicePortName(port)} external IP`);
    rules.nat.push(`-A ${SERVICES} ${text} ${match} -j ${chains.external}`);
  }
  if (refusal !== null) {
    rules.filter.push(`-A ${EXTERNAL_SERVICES} ${refusalComment(port, refusal)} ${match} -j ${refusal}`);
  }
}

function writeLoadBalancerIPs(
  rules: WritableRules,
  { port, chains }: PortRulesInput,
  { loadBalancerIPs, sourceRanges, outside, refusal }: ExternalDispatch,
): void {
  const name = servicePortName(port);
  for (const frontend of loadBalancerIPs) {
    const match = matchOf(port, frontend);
    if (outside !== null) {
      const target = sourceRanges === null ? chains.external : chains.firewall;
      rules.nat.push(`-A ${SERVICES} ${comment(`${name} loadbalancer IP`)} ${match} -j ${target}`);
    }
    if (sourceRanges !== null) {
      const text = comment(`${name} traffic not accepted by ${chains.firewall}`);
      rules.filter.push(`-A ${PROXY_FIREWALL} ${text} ${match} -j DROP`);
    }
  }
  if (refusal === null) return;
  for (const frontend of loadBalancerIPs) {
    rules.filter.push(
      `-A ${EXTERNAL_SERVICES} ${refusalComment(port, refusal)} ${matchOf(port, frontend)} -j ${refusal}`,
    );
  }
}

function writeNodePort(
  rules: WritableRules,
  { port, chains }: PortRulesInput,
  { outside, refusal }: ExternalDispatch,
  frontend: Frontend,
  countLocalhost: boolean,
): void {
  const protocol = protocolMatch(port.protocol);
  if (outside !== null) {
    const name = nameComment(servicePortName(port));
    if (countLocalhost) {
      rules.nat.push(
        `-A ${NODE_PORTS} ${name} ${protocol} -d 127.0.0.0/8 --dport ${frontend.port} -m nfacct --nfacct-name localhost_nps_accepted_pkts -j ${chains.external}`,
      );
    }
    rules.nat.push(`-A ${NODE_PORTS} ${name} ${protocol} --dport ${frontend.port} -j ${chains.external}`);
  }
  if (refusal !== null) {
    rules.nodePortRefusals.push(
      `-A ${EXTERNAL_SERVICES} ${refusalComment(port, refusal)} -m addrtype --dst-type LOCAL ${protocol} --dport ${frontend.port} -j ${refusal}`,
    );
  }
}

/** Of a frontend with an address. */
export function matchOf(port: ServicePort, { address, port: number }: Frontend): string {
  return frontendMatch(port.protocol, address ?? 0, number);
}

function refusalComment(port: ServicePort, refusal: Refusal): string {
  return comment(`${servicePortName(port)} has no ${refusal === 'REJECT' ? '' : 'local '}endpoints`);
}
