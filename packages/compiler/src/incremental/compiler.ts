/**
 * Resolving step by step: what an event touches is resolved again, and nothing else. The meaning is that
 * of `resolve`, function by function; what is here is what has to be remembered between two events.
 */
import type { ChangeEvent, ClusterState, Diagnostic, EndpointSlice } from '@shunt/model';
import type { NodeView, ProxyConfig } from '../config.js';
import { ClaimedPlaces, claimsAlike, settledServicePort } from '../resolve/conflicts.js';
import type { CompileInput } from '../resolve/input.js';
import type { ResolvedPort } from '../resolve/resolve-port.js';
import { refusesUnusedClusterIPs, rulesetSections } from '../resolve/sections.js';
import { sliceWarnings } from '../resolve/slice-warnings.js';
import type { ListChange, RulesetChange } from '../ruleset/change.js';
import { isSameValue } from '../ruleset/same-value.js';
import { type Ruleset, servicePortKey } from '../ruleset/types.js';
import { LiveDiagnostics } from './live-diagnostics.js';
import { LiveRuleset } from './live-ruleset.js';
import { LivePort, type LiveService, type NextService, nextService } from './live-service.js';
import { everythingIn, nameKey, nothingTouched, type Touched, touchedBy } from './touched.js';

export interface CompilerInput {
  /** Kept, and read when events come; its changes are told by {@link Compiler.update}. */
  readonly state: ClusterState;
  /** The node whose rules are made, or how to see it in the state: asked again when a Node changes. */
  readonly node: NodeView | ((state: ClusterState) => NodeView);
  readonly config: ProxyConfig;
}

/** What events changed, in the ruleset and beside it. */
export interface RulesetUpdate extends RulesetChange {
  readonly diagnostics: ListChange<Diagnostic>;
  /**
   * Whether endpoints of a Service with a UDP port, before or after, are not what they were: then
   * kube-proxy looks for stale conntrack entries (semantics 12.1).
   */
  readonly udpEndpointsChanged: boolean;
}

/**
 * Keeps the ruleset of one node up to date with a cluster. It always equals what `resolve` makes of the
 * same state; what events do not change keeps its identity, and costs nothing.
 */
export class Compiler {
  readonly #node: CompilerInput['node'];
  #input: CompileInput;
  readonly #services = new Map<string, LiveService>();
  readonly #places = new ClaimedPlaces<LivePort>();
  readonly #rules: LiveRuleset;
  readonly #said = new LiveDiagnostics();

  constructor({ state, node, config }: CompilerInput) {
    this.#node = node;
    this.#input = { state, config, node: typeof node === 'function' ? node(state) : node };
    this.#rules = new LiveRuleset(rulesetSections(this.#input));
    this.#apply(everythingIn(state));
  }

  /** The canonical ruleset in force. Never changes; after an update there is another one. */
  get ruleset(): Ruleset {
    return this.#rules.list();
  }

  /** All warnings in force. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#said.list();
  }

  /** The node as it was seen last. */
  get node(): NodeView {
    return this.#input.node;
  }

  /**
   * Takes in what happened to the state since the last call. All of its events have to be told, in any
   * order, none before the state has changed.
   * @returns what they changed in all, which may be nothing
   */
  update(events: readonly ChangeEvent[]): RulesetUpdate {
    return this.#apply(touchedBy(events));
  }

  /** Looks at the node again, where `node` knows more of it than its Node object: addresses of interfaces. */
  refreshNode(): RulesetUpdate {
    return this.#apply({ ...nothingTouched(), node: true });
  }

  #apply(touched: Touched): RulesetUpdate {
    const isOtherNode = touched.node && this.#seeNode();
    const services = new Map(touched.services);
    if (isOtherNode) for (const [key, { name }] of this.#services) services.set(key, name);
    if (isOtherNode || touched.serviceCIDRs) this.#rules.putSections(rulesetSections(this.#input));
    // All is resolved before anything is replaced.
    const next = [...services].map(([key, name]) =>
      nextService(name, this.#input, this.#services.get(key) ?? null),
    );
    this.#replace(next);
    this.#warnAboutSlices(touched);
    return {
      ...this.#rules.takeChange(),
      diagnostics: this.#said.takeChange(),
      udpEndpointsChanged: next.some((service) => service.udpEndpointsChanged),
    };
  }

  /** @returns whether the node is not what it was */
  #seeNode(): boolean {
    if (typeof this.#node !== 'function') return false;
    const node = this.#node(this.#input.state);
    if (isSameValue(node, this.#input.node)) return false;
    this.#input = { ...this.#input, node };
    return true;
  }

  #replace(services: readonly NextService[]): void {
    const work: SettlingWork = { affected: new Set(), renewed: new Set() };
    for (const service of services) this.#replaceService(service, work);
    for (const port of work.affected) this.#settle(port);
    for (const port of work.renewed) {
      if (work.affected.has(port)) continue;
      if (port.hasAllClaims) this.#rules.putPort(port.key, port.resolved.servicePort);
      else this.#settle(port);
    }
  }

  #replaceService(next: NextService, work: SettlingWork): void {
    const { name, resolved, endpoints } = next;
    const held = this.#services.get(nameKey(name))?.ports ?? NO_PORTS;
    const ports = this.#renewPorts(held, resolved, work) ?? this.#replacePorts(held, resolved, work);
    const isEmpty =
      next.service === null && endpoints.IPv4.slices.length + endpoints.IPv6.slices.length === 0;
    if (isEmpty) this.#services.delete(nameKey(name));
    else this.#services.set(nameKey(name), { ...next, ports });
    this.#said.say({ about: 'service', of: name }, next.diagnostics);
    this.#said.say({ about: 'unmatched', of: name }, next.unmatched);
  }

  /** Where the Service is as it was, so are its ports and their keys. @returns `null` if it is not */
  #renewPorts(
    held: ReadonlyMap<string, LivePort>,
    resolved: readonly ResolvedPort[],
    { renewed }: SettlingWork,
  ): ReadonlyMap<string, LivePort> | null {
    if (held.size !== resolved.length) return null;
    const inOrder = [...held.values()];
    const isSame = resolved.every(
      (each, index) => inOrder[index]?.resolved.specification === each.specification,
    );
    if (!isSame) return null;
    for (let index = 0; index < inOrder.length; index++) {
      const port = inOrder[index] as LivePort;
      if (port.resolved === resolved[index]) continue;
      port.resolved = resolved[index] as ResolvedPort;
      renewed.add(port);
    }
    return held;
  }

  #replacePorts(
    held: ReadonlyMap<string, LivePort>,
    resolved: readonly ResolvedPort[],
    work: SettlingWork,
  ): ReadonlyMap<string, LivePort> {
    const ports = new Map<string, LivePort>();
    for (const each of resolved) {
      const key = servicePortKey(each.servicePort);
      ports.set(key, this.#replacePort(key, held.get(key) ?? null, each, work));
    }
    for (const [key, port] of held) if (!ports.has(key)) this.#removePort(port, work);
    return ports;
  }

  #replacePort(
    key: string,
    held: LivePort | null,
    resolved: ResolvedPort,
    { affected, renewed }: SettlingWork,
  ): LivePort {
    if (held?.resolved === resolved) return held;
    const port = held ?? new LivePort(key, resolved);
    if (held !== null) this.#countClusterIP(held, -1);
    if (held !== null && claimsAlike(held.resolved, resolved)) {
      held.resolved = resolved;
      renewed.add(held);
    } else {
      if (held !== null) this.#places.remove(held, affected);
      port.become(resolved);
      this.#places.add(port, affected);
      affected.add(port);
    }
    this.#countClusterIP(port, 1);
    return port;
  }

  #removePort(port: LivePort, { affected, renewed }: SettlingWork): void {
    this.#places.remove(port, affected);
    this.#countClusterIP(port, -1);
    this.#rules.putPort(port.key, null);
    this.#said.say({ about: 'conflict', of: port.resolved.servicePort }, []);
    affected.delete(port);
    renewed.delete(port);
  }

  #countClusterIP({ resolved }: LivePort, count: number): void {
    if (!refusesUnusedClusterIPs(this.#input.config)) return;
    this.#rules.countClusterIP(resolved.specification.clusterIP.address, count);
  }

  #settle(port: LivePort): void {
    const settlement = this.#places.settle(port);
    const settled = settledServicePort(port.resolved, settlement);
    port.hasAllClaims = settlement.kept === port.resolved.claims && settlement.warnings.length === 0;
    this.#rules.putPort(port.key, settled);
    this.#said.say({ about: 'conflict', of: settled }, settlement.warnings);
  }

  // What is said of a slice depends on whether its Service is there.
  #warnAboutSlices({ slices, cameOrWent }: Touched): void {
    const { state } = this.#input;
    const names = new Map(slices);
    for (const { namespace, name } of cameOrWent.values()) {
      for (const slice of state.slicesOf(namespace, name)) {
        const sliceName = { namespace, name: slice.metadata.name };
        names.set(nameKey(sliceName), sliceName);
      }
    }
    for (const name of names.values()) {
      const slice = state.get({ kind: 'EndpointSlice', ...name }) as EndpointSlice | undefined;
      this.#said.say(
        { about: 'slice', of: name },
        slice === undefined ? [] : sliceWarnings(slice, this.#input),
      );
    }
  }
}

/** What is to be done once it is known who lays claim to what. */
interface SettlingWork {
  /** Ports that lay claim to other places now, and those that may get or lose one because of them. */
  readonly affected: Set<LivePort>;
  /** Ports that are others now, and lay claim to the same places as before. */
  readonly renewed: Set<LivePort>;
}

const NO_PORTS: ReadonlyMap<string, LivePort> = new Map();
