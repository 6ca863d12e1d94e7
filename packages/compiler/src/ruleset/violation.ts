/** The invariants, as explained at the head of verify.ts. */
export type InvariantName =
  | 'address'
  | 'port'
  | 'pod-ranges'
  | 'local-addresses'
  | 'node-port-addresses'
  | 'node-port-refusal'
  | 'cluster-ip-space'
  | 'service-port-order'
  | 'service-agreement'
  | 'affinity'
  | 'health-check'
  | 'serving-endpoints'
  | 'pool-presence'
  | 'has-endpoints'
  | 'backend'
  | 'backend-order'
  | 'local-backends'
  | 'slots'
  | 'frontend-order'
  | 'frontend-address'
  | 'frontend-unique'
  | 'source-ranges'
  | 'forward-pool'
  | 'actions'
  | 'masquerade-all';

/** One invariant that does not hold. */
export interface Violation {
  /** The printed line, or the word that its lines begin with; below a service port `LINE > LINE`. */
  readonly location: string;
  readonly invariant: InvariantName;
  readonly message: string;
}

/** Takes note of a violation. */
export type ReportViolation = (location: string, invariant: InvariantName, message: string) => void;
