import { type AdmitOptions, admitManifests } from '@shunt/cluster';
import {
  defaultConfig,
  type Evaluation,
  Evaluator,
  masquerades,
  type NodeView,
  nodeViewOf,
  originOf,
  type ProxyConfig,
  type Resolution,
  resolve,
  Tracer,
} from '@shunt/compiler';
import {
  type Address,
  ClusterState,
  type Diagnostic,
  formatDiagnostic,
  formatEndpoint,
  type KubernetesObject,
  type Mode,
  type Node,
  type Origin,
  type Verdict,
} from '@shunt/model';
import { type PacketLike, toPacket } from './packet-text.js';

export interface RulesOptions {
  /** The node to look from: its name, or a view. Default: the only Node of the manifests. */
  readonly node?: string | NodeView;
  /** Default nftables. */
  readonly mode?: Mode;
  /** What differs from the mode's defaults. */
  readonly config?: Partial<Omit<ProxyConfig, 'mode'>>;
  /**
   * What a cluster adds to manifests that are given as text: which Services are admitted (default `auto`),
   * from which ranges, and so on. Objects and states are taken as they are.
   */
  readonly cluster?: AdmitOptions;
}

/** What one node does with a packet. */
export interface Fate {
  readonly verdict: Verdict;
  /** `ip:port` of the backends that the flow may reach, in byte order. */
  readonly backends: readonly string[];
  /** Those of them for which the flow is masqueraded. */
  readonly masqueradedTo: readonly string[];
  readonly evaluation: Evaluation;
}

/** The rules of one node, to be asked about packets. */
export class Rules {
  readonly state: ClusterState;
  readonly node: NodeView;
  readonly config: ProxyConfig;
  readonly ruleset: Resolution['ruleset'];
  /** Warnings; manifests with errors have no rules. */
  readonly diagnostics: readonly Diagnostic[];
  readonly #evaluator: Evaluator;

  constructor(
    state: ClusterState,
    node: NodeView,
    config: ProxyConfig,
    warnings: readonly Diagnostic[] = [],
  ) {
    const { ruleset, diagnostics } = resolve({ state, node, config });
    this.state = state;
    this.node = node;
    this.config = config;
    this.ruleset = ruleset;
    this.diagnostics = [...warnings, ...diagnostics];
    this.#evaluator = new Evaluator(ruleset);
  }

  /** @throws {TypeError} if `packet` cannot be read as one */
  fateOf(packet: PacketLike): Fate {
    const read = toPacket(packet);
    const evaluation = this.#evaluator.evaluate(read);
    const { candidates, verdict } = evaluation;
    const masqueraded = candidates.filter((backend) => masquerades(evaluation, read, backend));
    const label = (backend: (typeof candidates)[number]): string =>
      formatEndpoint(backend.address, backend.port);
    return { verdict, backends: candidates.map(label), masqueradedTo: masqueraded.map(label), evaluation };
  }

  /** Whether the node takes the packet for one of a pod, its own, or one from outside. */
  originOf(packet: PacketLike): Origin {
    return originOf(this.ruleset, toPacket(packet).source);
  }

  /** Whether some Service has this cluster IP: routers outside of the cluster usually do not know it. */
  isClusterIP(destination: Address): boolean {
    return this.ruleset.servicePorts.some(({ frontends }) =>
      frontends.some(({ kind, address }) => kind === 'clusterIP' && address === destination),
    );
  }

  /** `ip:port` of every backend that this node sends packets of a namespace's Services (or of one Service) to. */
  backendsOf(namespace: string, service?: string): string[] {
    const ports = this.ruleset.servicePorts.filter(
      (port) => port.namespace === namespace && (service === undefined || port.name === service),
    );
    const pools = ports.flatMap(({ clusterPool, localPool }) => [clusterPool, localPool]);
    const backends = pools.flatMap((pool) => pool?.backends ?? []);
    return [...new Set(backends.map(({ address, port }) => formatEndpoint(address, port)))];
  }

  /** Why the packet's fate is what it is, step by step. */
  reasonsFor(packet: PacketLike): string[] {
    const trace = new Tracer(this).trace(toPacket(packet));
    return trace.reasons.map(({ step, text }) => `${step}: ${text}`);
  }
}

/**
 * The rules that one node makes of a cluster.
 * @param source - manifests as YAML or JSON text, a cluster state, or objects
 * @throws {TypeError} if the manifests have errors, naming each with its position, or if it is not
 * clear which node is meant
 */
export function rulesFor(
  source: string | ClusterState | Iterable<KubernetesObject>,
  options: RulesOptions = {},
): Rules {
  const { state, diagnostics } = readSource(source, options.cluster ?? {});
  const mode = options.mode ?? 'nftables';
  const config: ProxyConfig = { ...defaultConfig(mode), ...options.config };
  return new Rules(state, chooseNode(state, options.node), config, diagnostics);
}

function readSource(
  source: string | ClusterState | Iterable<KubernetesObject>,
  cluster: AdmitOptions,
): {
  readonly state: ClusterState;
  readonly diagnostics: readonly Diagnostic[];
} {
  if (source instanceof ClusterState) return { state: source, diagnostics: [] };
  if (typeof source !== 'string') return { state: new ClusterState(source), diagnostics: [] };
  const { state, diagnostics } = admitManifests([{ name: 'manifests', text: source }], cluster);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    throw new TypeError(['"manifests" have errors:', ...errors.map(formatDiagnostic)].join('\n'));
  }
  return { state, diagnostics };
}

function chooseNode(state: ClusterState, wanted: string | NodeView | undefined): NodeView {
  if (typeof wanted === 'object') return wanted;
  const nodes = state.list('Node');
  const chosen: Node | undefined =
    wanted === undefined ? onlyOne(nodes) : nodes.find((node) => node.metadata.name === wanted);
  if (chosen !== undefined) return nodeViewOf(chosen);
  const names = nodes.map((node) => node.metadata.name).sort();
  const known = names.length === 0 ? 'a node view, since there is no Node' : `one of ${names.join(', ')}`;
  throw new TypeError(`"node" expected ${known}, got ${wanted ?? 'nothing'}`);
}

function onlyOne<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
