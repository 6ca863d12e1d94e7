import type { ControlPlaneCase } from './case-kind.js';

/** A case of allocators alone, or of Services that get addresses and ports from them. */
export interface AllocationCase extends ControlPlaneCase {
  readonly kind: 'ipRange' | 'portRange' | 'ipFamilies' | 'nodePorts' | 'typeChange' | 'lifecycle';
  readonly clusterFamilies?: readonly ('IPv4' | 'IPv6')[];
  /** Of an `ipRange`; of Services, the range of its family, several with commas between them. */
  readonly cidr?: string;
  readonly portRange?: string;
  readonly steps: readonly AllocationStep[];
  /** Holds after the last step. */
  readonly expect?: PoolExpectation & ServiceExpectation;
}

export interface AllocationStep {
  readonly do:
    | 'open'
    | 'allocate'
    | 'allocateNext'
    | 'release'
    | 'setReady'
    | 'hold'
    | 'stored'
    | 'create'
    | 'update'
    | 'delete';
  readonly dryRun?: boolean;
  /** How often, of `allocateNext`. */
  readonly times?: number;
  readonly ip?: string;
  readonly port?: number;
  /** Of `setReady`. */
  readonly value?: boolean;
  /** Of `hold`: what somebody else has. */
  readonly ips?: readonly string[];
  readonly ports?: readonly number[];
  /** Of the Service that the step is about; by default there is one. */
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly expect?: PoolExpectation & ServiceExpectation;
}

/** What a case asks of a range. */
export interface PoolExpectation {
  /** A reason such as `full`, or words of the message for a range that cannot be had. */
  readonly error?: string;
  readonly distinct?: boolean;
  readonly allIn?: readonly [first: string | number, last: string | number];
  readonly ip?: string;
  readonly port?: number;
  readonly free?: number | string;
  readonly used?: number | string;
  readonly usable?: number | string;
  readonly size?: number;
  readonly staticBandSize?: number;
  readonly first?: string | number;
  readonly last?: string | number;
  readonly staticBand?: readonly (string | number)[];
  readonly dynamicBand?: readonly (string | number)[];
}

export interface ExpectedError {
  readonly type: string;
  /** Not looked at for an internal error, whose answer names no field. */
  readonly field?: string;
  /** Index of the step that is refused. */
  readonly step?: number;
  readonly why?: 'allocated' | 'notInRange' | 'full' | 'notReady';
}

/**
 * What a case asks of Services. A field of a Service is that of the step's, at case level of the last
 * one; a mapping says it of several by name. Null is a field that is not there.
 */
export interface ServiceExpectation {
  readonly errors?: readonly ExpectedError[];
  readonly type?: unknown;
  readonly clusterIP?: unknown;
  readonly clusterIPs?: unknown;
  readonly ipFamilies?: unknown;
  readonly ipFamilyPolicy?: unknown;
  readonly nodePorts?: unknown;
  readonly healthCheckNodePort?: unknown;
  readonly externalTrafficPolicy?: unknown;
  readonly internalTrafficPolicy?: unknown;
  readonly allocateLoadBalancerNodePorts?: unknown;
  readonly loadBalancerClass?: unknown;
  readonly loadBalancerStatus?: unknown;
  readonly externalName?: unknown;
  /** Of the step, at case level of all steps. */
  readonly allocatedIPs?: readonly string[];
  readonly releasedIPs?: readonly string[];
  readonly allocatedPorts?: readonly (number | string)[];
  readonly releasedPorts?: readonly (number | string)[];
  /** By anybody, those of `hold` too. */
  readonly ipsHeld?: readonly string[];
  readonly portsHeld?: readonly (number | string)[];
  /** By Services of the case. */
  readonly newIPsHeld?: readonly string[];
  readonly newPortsHeld?: readonly (number | string)[];
}
