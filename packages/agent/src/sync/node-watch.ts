import { type NodeView, nodeView, nodeViewOf } from '@shunt/compiler';
import { type Address, type ClusterState, ZONE_LABEL } from '@shunt/model';

/** How the agent learns of its node. */
export interface NodeOptions {
  readonly name: string;
  /** Take the place of all other addresses; empty: those of the Node object, and of interfaces. */
  readonly addresses: readonly Address[];
  /** The addresses of the node's interfaces as they are now, without loopback. */
  readonly interfaceAddresses: () => readonly Address[];
  /** Takes the place of the Node object's label; `null`: the label counts. */
  readonly zone: string | null;
  /** Takes the place of the primary address of its family (kube-proxy's bindAddress). */
  readonly bindAddress: Address | null;
}

/**
 * How the compiler sees the node in a cluster state. The Node object says which address is primary; what it
 * does not know, such as the addresses of bridges, interfaces add.
 */
export function nodeViewer(options: NodeOptions): (state: ClusterState) => NodeView {
  const { name, addresses, interfaceAddresses, zone, bindAddress } = options;
  return (state) => {
    const node = state.node(name) ?? null;
    const known = addresses.length > 0 ? addresses : node === null ? [] : nodeViewOf(node).addresses;
    const all = addresses.length > 0 ? addresses : [...new Set([...known, ...interfaceAddresses()])];
    const view = nodeView(name, all, zone ?? node?.metadata.labels?.[ZONE_LABEL] ?? null);
    if (bindAddress === null) return view;
    const others = view.primaryAddresses.filter((it) => typeof it !== typeof bindAddress);
    return { ...view, primaryAddresses: [bindAddress, ...others] };
  };
}
