import { Compiler, type ProxyConfig, type Ruleset, type RulesetUpdate } from '@shunt/compiler';
import { type ChangeEvent, ClusterState, type EndpointSlice, type Mode } from '@shunt/model';
import type { Cluster } from '../workload/cluster.js';
import { type Random, shuffle } from '../workload/random.js';

/** A cluster in which one endpoint after the other goes and comes back, and the rules that follow it. */
export class LiveCluster {
  readonly #state: ClusterState;
  readonly #compiler: Compiler;
  /** In an order by chance. */
  readonly #slices: readonly EndpointSlice[];
  #turn = 0;

  constructor({ objects, node, config }: Cluster, mode: Mode, random: Random) {
    this.#state = new ClusterState(objects);
    this.#compiler = new Compiler({ state: this.#state, node, config: inMode(config, mode) });
    const isChanged = ({ addressType, endpoints = [] }: EndpointSlice): boolean =>
      addressType === 'IPv4' && (endpoints?.length ?? 0) > 1;
    this.#slices = shuffle(random, this.#state.list('EndpointSlice').filter(isChanged));
  }

  get ruleset(): Ruleset {
    return this.#compiler.ruleset;
  }

  /** Makes the next event: every other time the first endpoint of a slice goes, and then comes back. */
  nextEvent(): () => ChangeEvent {
    const slice = this.#slices[(this.#turn >> 1) % this.#slices.length] as EndpointSlice;
    const isGoing = this.#turn++ % 2 === 0;
    const changed = isGoing ? { ...slice, endpoints: slice.endpoints?.slice(1) ?? [] } : slice;
    return () => this.#state.upsert(changed);
  }

  update(event: ChangeEvent): RulesetUpdate {
    return this.#compiler.update([event]);
  }
}

/** The same cluster in the other mode. Node ports are on the node's primary address in both. */
function inMode(config: ProxyConfig, mode: Mode): ProxyConfig {
  return { ...config, mode, nodePortAddresses: 'primary' };
}
