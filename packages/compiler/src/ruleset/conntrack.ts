/**
 * Which tracked flows have to go after endpoints changed. A UDP flow does not end by itself as long as
 * packets keep coming, so one to an endpoint that is gone would be stuck there for ever; TCP and SCTP
 * see the loss and are left alone. Source: kube-proxy's reconciliation of conntrack entries, which
 * matches addresses and ports, and leaves a service port without serving endpoints its flows.
 */
import type { Address, Family, ServiceProtocol } from '@shunt/model';
import type { EndpointAddress, Ruleset, ServicePort } from './types.js';

/** A tracked flow, as far as the cleanup looks at it. */
export interface TrackedFlow {
  readonly family: Family;
  readonly protocol: ServiceProtocol;
  /** Where the client sent it; `null` stands for any address of the node, for flows to node ports. */
  readonly originalDestination: Address | null;
  readonly originalDestinationPort: number;
  /** Who answers: the endpoint, or the original destination if the flow was never translated. */
  readonly replySource: Address;
  readonly replySourcePort: number;
}

export type FlowPlan = 'keep' | 'delete';

/** Plans the cleanup of connection tracking by one ruleset, in constant time for each flow. */
export class ConntrackPlanner {
  /** The serving endpoints behind each address frontend, and each node port, by their keys. */
  readonly #servingByPlace = new Map<string, ReadonlySet<string>>();

  /** @param ruleset - or just the service ports of it whose flows are to be looked at */
  constructor({ servicePorts }: Pick<Ruleset, 'servicePorts'>) {
    for (const port of servicePorts) {
      if (port.protocol === 'UDP' && port.servingEndpoints.length > 0) this.#index(port);
    }
  }

  /**
   * Tells whether a flow stays: `delete` if it is UDP, was sent to a frontend with serving endpoints,
   * and none of these answers it. A node port matches by its number alone, whatever the address.
   */
  plan(flow: TrackedFlow): FlowPlan {
    if (flow.protocol !== 'UDP') return 'keep';
    const { family, originalDestination, originalDestinationPort } = flow;
    const answerer = endpointKey({ address: flow.replySource, port: flow.replySourcePort });
    const byAddress =
      originalDestination === null
        ? undefined
        : this.#servingByPlace.get(placeKey(family, originalDestination, originalDestinationPort));
    const byNodePort = this.#servingByPlace.get(placeKey(family, null, originalDestinationPort));
    const stale = [byAddress, byNodePort].some((serving) => serving !== undefined && !serving.has(answerer));
    return stale ? 'delete' : 'keep';
  }

  #index(port: ServicePort): void {
    const serving = new Set(port.servingEndpoints.map(endpointKey));
    for (const { kind, address, port: number } of port.frontends) {
      // The health-check node port is TCP, and nothing is translated there.
      if (kind !== 'healthCheckNodePort') {
        this.#servingByPlace.set(placeKey(port.family, address, number), serving);
      }
    }
  }
}

/** Plans one flow; for many, make one {@link ConntrackPlanner}. */
export function planFlow(ruleset: Ruleset, flow: TrackedFlow): FlowPlan {
  return new ConntrackPlanner(ruleset).plan(flow);
}

function placeKey(family: Family, address: Address | null, port: number): string {
  return `${family} ${address ?? 'node'} ${port}`;
}

// Looked up only below a place of one family, so the number alone is the address.
function endpointKey(endpoint: EndpointAddress): string {
  return `${endpoint.address} ${endpoint.port}`;
}
