/** What a change of rules does to flows that are there, said plainly. */
import {
  ConntrackPlanner,
  type Ruleset,
  type RulesetUpdate,
  type ServicePort,
  servicePortKey,
} from '@shunt/compiler';
import type { Address, Family } from '@shunt/model';
import type { PlainFlow } from '../stateful/plain-flows.js';

export interface Fate {
  /** `null`: a flow of one Service to what is the number of another's node port, which nobody looks for. */
  readonly isDeleted: boolean | null;
  /** If it is not deleted. */
  readonly isDraining: boolean;
}

/** Says what becomes of flows between two rulesets. */
export class FlowChanges {
  readonly #update: RulesetUpdate;
  readonly #after: Ruleset;
  readonly #planner: ConntrackPlanner;
  /** Of service ports that are not what they were: backends by the number that they had before. */
  readonly #pools = new Map<number, { readonly before: Set<string>; readonly after: Set<string> }>();

  /** @param numbers - of the service ports before, by their keys */
  constructor(before: Ruleset, after: Ruleset, update: RulesetUpdate, numbers: ReadonlyMap<string, number>) {
    this.#update = update;
    this.#after = after;
    this.#planner = new ConntrackPlanner(after);
    const now = new Map(after.servicePorts.map((port) => [servicePortKey(port), port]));
    for (const port of before.servicePorts) {
      const key = servicePortKey(port);
      if (now.get(key) === port) continue;
      const number = numbers.get(key);
      if (number === undefined) throw new Error(`${key} has no number`);
      this.#pools.set(number, { before: backendsOf(port), after: backendsOf(now.get(key)) });
    }
  }

  fateOf(flow: PlainFlow, family: Family): Fate {
    const { original, rewritten, protocol } = flow;
    const tracked = {
      family,
      protocol,
      originalDestination: original.destination,
      originalDestinationPort: original.destinationPort,
      replySource: rewritten.destination,
      replySourcePort: rewritten.destinationPort,
    };
    const isStale = this.#planner.plan(tracked) === 'delete' && this.#update.udpEndpointsChanged;
    const isLookedFor = !this.#isNodePort(original.destinationPort, family);
    const [was, is] = this.#membership(flow.servicePort, rewritten.destination, rewritten.destinationPort);
    return {
      isDeleted: isStale && !isLookedFor ? null : isStale,
      isDraining: was === is ? flow.draining : was,
    };
  }

  /** Whether a service port has lost a backend. */
  hasLeft(servicePort: number, address: Address, port: number): boolean {
    const [was, is] = this.#membership(servicePort, address, port);
    return was && !is;
  }

  #membership(servicePort: number, address: Address, port: number): [was: boolean, is: boolean] {
    const pools = this.#pools.get(servicePort);
    const backend = `${address} ${port}`;
    return [pools?.before.has(backend) ?? false, pools?.after.has(backend) ?? false];
  }

  #isNodePort(number: number, family: Family): boolean {
    return this.#after.servicePorts.some(
      (port) =>
        port.family === family &&
        port.frontends.some(({ kind, port: at }) => kind === 'nodePort' && at === number),
    );
  }
}

function backendsOf(port: ServicePort | undefined): Set<string> {
  const pools = [port?.clusterPool, port?.localPool];
  const backends = pools.flatMap((pool) => pool?.backends ?? []);
  return new Set(backends.map(({ address, port: at }) => `${address} ${at}`));
}
