import { type NodeView, nodeView, nodeViewOf } from '@shunt/compiler';
import { type ClusterState, type Diagnostic, type Node, ZONE_LABEL } from '@shunt/model';
import type { Configuration } from '../config/configuration.js';
import type { ClusterOptions } from '../options/cluster-options.js';
import { listNames } from '../print/list-names.js';

export interface ChosenNode {
  readonly view: NodeView;
  /** `null` when the manifests hold no such Node and `--node-ip` stands in for it. */
  readonly node: Node | null;
}

/** What a node is called that only `--node-ip` describes. */
const UNNAMED = 'node';

/**
 * The node whose rules are made: `--node`, else `hostnameOverride`, else the only Node there is.
 * @returns a diagnostic when that is none, or one without addresses
 */
export function chooseNode(
  state: ClusterState,
  options: ClusterOptions,
  configuration: Configuration | null,
): ChosenNode | Diagnostic {
  const nodes = state.list('Node').sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const asked = options.node ?? configuration?.hostnameOverride ?? null;
  const name = asked ?? (nodes.length === 1 ? nodes[0]?.metadata.name : undefined);
  if (name === undefined) {
    if (nodes.length > 1)
      return problem(`there are ${nodes.length} Nodes: pass --node with one of ${namesOf(nodes)}`);
    if (options.nodeIp === undefined)
      return problem('there is no Node: add the Node objects, or pass --node and --node-ip');
  }
  const node = name === undefined ? null : (state.node(name) ?? null);
  if (node === null && options.nodeIp === undefined) {
    const known = nodes.length === 0 ? 'there is no Node at all' : `known: ${namesOf(nodes)}`;
    return problem(`no Node is named "${name}" (${known}): pass another name, or --node-ip`);
  }
  const view = viewOf(name ?? UNNAMED, node, options);
  if (view.addresses.length === 0) {
    return problem(`Node ${view.name} has no InternalIP or ExternalIP in status.addresses: pass --node-ip`);
  }
  return { view: withBindAddress(view, configuration), node };
}

function viewOf(name: string, node: Node | null, { nodeIp, nodeZone }: ClusterOptions): NodeView {
  const written = node === null ? null : nodeViewOf(node);
  const zone = nodeZone ?? node?.metadata.labels?.[ZONE_LABEL] ?? null;
  return nodeView(name, nodeIp ?? written?.addresses ?? [], zone);
}

// The configured bind address takes the place of the primary address of its family (semantics 28.1).
function withBindAddress(view: NodeView, configuration: Configuration | null): NodeView {
  const bind = configuration?.bindAddress ?? null;
  if (bind === null) return view;
  return {
    ...view,
    primaryAddresses: [bind, ...view.primaryAddresses.filter((it) => typeof it !== typeof bind)],
  };
}

function namesOf(nodes: readonly Node[]): string {
  return listNames(nodes.map((node) => node.metadata.name));
}

function problem(message: string): Diagnostic {
  return { severity: 'error', code: 'node', message };
}
