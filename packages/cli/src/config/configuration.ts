import type { Address, Cidr, Mode, SourcePosition } from '@shunt/model';
import type { DETECT_LOCAL_MODES, KNOWN_MODES } from './configuration-shape.js';

/** What a KubeProxyConfiguration says about packets; `null` where it says nothing. */
export interface Configuration {
  /** As it is written; empty means iptables, as kube-proxy reads it. */
  readonly mode: (typeof KNOWN_MODES)[number] | '';
  readonly clusterCIDRs: readonly Cidr[];
  readonly detectLocalMode: (typeof DETECT_LOCAL_MODES)[number];
  readonly nodePortAddresses: 'primary' | readonly Cidr[] | null;
  readonly hostnameOverride: string | null;
  readonly serviceProxyName: string | null;
  /** Takes the place of the node's primary address of its family. */
  readonly bindAddress: Address | null;
  readonly masqueradeAll: Readonly<Record<Mode, boolean>>;
  readonly localhostNodePorts: boolean;
  /** Which bit of the packet mark asks for masquerade; `null`: the default. */
  readonly masqueradeBit: Readonly<Record<Mode, number | null>>;
  /** In seconds; `null`, and a zero in the file: the default. */
  readonly syncSeconds: Readonly<Record<Mode, number | null>>;
  readonly minSyncSeconds: Readonly<Record<Mode, number | null>>;
  readonly healthzBindAddress: string | null;
  readonly metricsBindAddress: string | null;
  /** How the API server is reached. */
  readonly kubeconfig: string | null;
  /** Where a field is written. */
  locate(path: readonly string[]): SourcePosition;
}

/** A document that has the shape of a KubeProxyConfiguration; absent and null fields are alike. */
export interface ConfigurationDocument {
  readonly mode?: Configuration['mode'] | null;
  readonly clusterCIDR?: string | null;
  readonly detectLocalMode?: Configuration['detectLocalMode'] | '' | null;
  readonly detectLocal?: {
    readonly bridgeInterface?: string | null;
    readonly interfaceNamePrefix?: string | null;
  } | null;
  readonly nodePortAddresses?: readonly string[] | null;
  readonly hostnameOverride?: string | null;
  readonly serviceProxyName?: string | null;
  readonly bindAddress?: string | null;
  readonly healthzBindAddress?: string | null;
  readonly metricsBindAddress?: string | null;
  readonly clientConnection?: { readonly kubeconfig?: string | null } | null;
  readonly iptables?: ModeSection | null;
  readonly nftables?: ModeSection | null;
}

export interface ModeSection {
  readonly masqueradeAll?: boolean | null;
  readonly localhostNodePorts?: boolean | null;
  readonly masqueradeBit?: number | null;
  readonly syncPeriod?: string | null;
  readonly minSyncPeriod?: string | null;
}
