import {
  type CompileInput,
  localReadyEndpoints,
  type RulesetChange,
  type ServicePort,
} from '@shunt/compiler';
import { ClusterState, type EndpointSlice } from '@shunt/model';

/** A Service that load balancers ask this node about. */
export interface HealthCheckedService {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** Distinct addresses of ready endpoints on this node. */
  readonly localEndpoints: number;
}

interface Counted {
  readonly slices: readonly EndpointSlice[];
  readonly node: string;
  readonly count: number;
}

interface Asked {
  readonly namespace: string;
  readonly name: string;
  /** The health-check node port of each service port, by key; all have the same. */
  readonly ports: Map<string, number>;
}

/** Follows which Services have a health-check node port, at the cost of what changes. */
export class HealthCheckedServices {
  readonly #services = new Map<string, Asked>();
  readonly #counted = new Map<string, Counted>();

  take({ removed, added, replaced }: RulesetChange): void {
    for (const port of removed) this.#remove(port);
    for (const { before } of replaced) this.#remove(before);
    for (const port of [...added, ...replaced.map(({ after }) => after)]) this.#add(port);
  }

  /** In no promised order. */
  list(input: CompileInput): HealthCheckedService[] {
    for (const key of this.#counted.keys()) if (!this.#services.has(key)) this.#counted.delete(key);
    return [...this.#services].flatMap(([key, { namespace, name, ports }]) => {
      const [port] = ports.values();
      return port === undefined
        ? []
        : [{ namespace, name, port, localEndpoints: this.#count(key, { namespace, name }, input) }];
    });
  }

  #count(key: string, { namespace, name }: Pick<Asked, 'namespace' | 'name'>, input: CompileInput): number {
    const slices = input.state.slicesOf(namespace, name);
    const known = this.#counted.get(key);
    if (known?.node === input.node.name && isSame(known.slices, slices)) return known.count;
    const count = localReadyEndpoints({ ...input, state: new ClusterState(slices) }).get(key) ?? 0;
    this.#counted.set(key, { slices, node: input.node.name, count });
    return count;
  }

  #add(port: ServicePort): void {
    const { namespace, name, healthCheckNodePort } = port;
    if (healthCheckNodePort === null) return;
    const key = `${namespace}/${name}`;
    let asked = this.#services.get(key);
    if (asked === undefined) this.#services.set(key, (asked = { namespace, name, ports: new Map() }));
    asked.ports.set(portKey(port), healthCheckNodePort);
  }

  #remove(port: ServicePort): void {
    const key = `${port.namespace}/${port.name}`;
    const asked = this.#services.get(key);
    asked?.ports.delete(portKey(port));
    if (asked?.ports.size === 0) this.#services.delete(key);
  }
}

function portKey({ family, portName, protocol }: ServicePort): string {
  return `${family} ${portName} ${protocol}`;
}

function isSame(a: readonly EndpointSlice[], b: readonly EndpointSlice[]): boolean {
  return a.length === b.length && a.every((slice, index) => slice === b[index]);
}
