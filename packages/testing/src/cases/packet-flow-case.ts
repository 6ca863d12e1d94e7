/**
 * A packet-flow case as its file says it: manifests, a node, a configuration, and where packets go.
 * The format is that of `packet-flow.schema.json`.
 */
import type { KubernetesObject, Mode, ObjectReference, ServiceProtocol, Verdict } from '@shunt/model';

export interface PacketFlowCase {
  readonly name: string;
  readonly about: string;
  readonly source?: string;
  /** Absent: both modes must agree. */
  readonly modes?: readonly Mode[];
  readonly node: CaseNode;
  readonly config: CaseConfig;
  readonly objects: readonly KubernetesObject[];
  readonly packets?: readonly CasePacket[];
  readonly facts?: CaseFacts;
  readonly conntrackFlows?: readonly CaseFlow[];
  readonly steps?: readonly CaseStep[];
}

export interface CaseNode {
  readonly name: string;
  /** The node's local addresses; the first of each family is its primary one. */
  readonly ips: readonly string[];
  readonly zone?: string;
}

/** What may differ between the modes of one case. */
export interface CaseModeConfig {
  /** CIDRs, or `[primary]`; an empty list means every local address. */
  readonly nodePortAddresses?: readonly string[];
  readonly localhostNodePorts?: boolean;
  readonly serviceCIDRs?: readonly string[];
}

export interface CaseConfig extends CaseModeConfig {
  readonly clusterCIDR?: string;
  readonly masqueradeAll?: boolean;
  readonly primaryNodeIPs?: readonly string[];
  readonly byMode?: { readonly [mode in Mode]?: CaseModeConfig };
}

export interface CasePacket {
  readonly name: string;
  readonly modes?: readonly Mode[];
  readonly protocol: ServiceProtocol;
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly expect: CaseExpectation;
  readonly affinity?: CaseAffinity;
}

export interface CaseExpectation {
  readonly verdict: Verdict;
  /** The set of `ip:port` that the flow may reach. */
  readonly to?: readonly string[];
  /** Whether it is masqueraded whichever of `to` is picked. */
  readonly masquerade?: boolean;
  /** Those of `to` for which it is masqueraded although `masquerade` is false. */
  readonly masqueradeFor?: readonly string[];
}

export interface CaseAffinity {
  /** Names the backend that this packet reached. */
  readonly group?: string;
  /** Must reach the backend of that group. */
  readonly sameAs?: string;
  /** Must not be bound by that group's affinity. */
  readonly independentOf?: string;
  /** For the reader. */
  readonly key?: string;
  readonly timeoutSeconds?: number;
}

/** State that no packet shows. */
export interface CaseFacts {
  readonly servicePorts?: number;
  readonly clusterEndpoints?: readonly string[] | null;
  readonly localEndpoints?: readonly string[] | null;
  readonly hasAnyEndpoints?: boolean;
  /** `namespace/name` to port. */
  readonly healthCheckNodePorts?: Readonly<Record<string, number>>;
  readonly localReadyEndpoints?: Readonly<Record<string, number>>;
  readonly localnetFirewallRule?: boolean;
  readonly conntrackCleanupRequired?: boolean;
  readonly rewrittenServices?: readonly string[];
  readonly metrics?: {
    readonly sync_proxy_rules_no_local_endpoints_total?: Readonly<Record<string, number>>;
  };
}

/** A tracked flow, and whether applying the state deletes it. */
export interface CaseFlow {
  readonly protocol: ServiceProtocol;
  /** `null`: any address of the node. */
  readonly origDst: string | null;
  readonly origDstPort: number;
  readonly replySrc: string;
  readonly replySrcPort: number;
  readonly deleted: boolean;
}

/** A later state: first what goes, then what comes or is replaced. */
export interface CaseStep {
  readonly delete?: readonly Pick<ObjectReference, 'kind' | 'namespace' | 'name'>[];
  readonly change?: readonly KubernetesObject[];
  readonly packets?: readonly CasePacket[];
  readonly facts?: CaseFacts;
}
