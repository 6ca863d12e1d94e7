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
  readonly iptables?: ModeSection | null;
  readonly nftables?: ModeSection | null;
}

export interface ModeSection {
  readonly masqueradeAll?: boolean | null;
  readonly localhostNodePorts?: boolean | null;
  readonly syncPeriod?: string | null;
  readonly minSyncPeriod?: string | null;
}
