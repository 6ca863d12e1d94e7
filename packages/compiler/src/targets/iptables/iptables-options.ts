/** What the rules depend on besides the ruleset: the node's configuration and its tools. */
export interface IptablesOptions {
  /** The bit that marks packets to be masqueraded: one bit, u32. kube-proxy's default is bit 14. */
  readonly masqueradeMark: number;
  /** MASQUERADE picks ports fully at random: iptables 1.6.2 and newer. */
  readonly randomFully: boolean;
  /**
   * Rules count with nfacct, as kube-proxy does where it can: INVALID packets that are dropped, and packets to
   * node ports on localhost. The counters `ct_state_invalid_dropped_pkts` and `localhost_nps_accepted_pkts` must
   * be there before the rules are.
   */
  readonly nfacct: boolean;
  /** The sysctl nf_conntrack_tcp_be_liberal is on: INVALID packets are not dropped. */
  readonly tcpLiberal: boolean;
}

export const DEFAULT_IPTABLES_OPTIONS: IptablesOptions = {
  masqueradeMark: 0x4000,
  randomFully: true,
  nfacct: false,
  tcpLiberal: false,
};

/** @throws {RangeError} if the mark is not one bit */
export function iptablesOptions(given: Partial<IptablesOptions>): IptablesOptions {
  const options = { ...DEFAULT_IPTABLES_OPTIONS, ...given };
  const { masqueradeMark: mark } = options;
  if (!Number.isInteger(mark) || mark < 1 || mark > 2 ** 31 || !Number.isInteger(Math.log2(mark))) {
    throw new RangeError(`"masqueradeMark" expected one bit of 32, got ${mark}`);
  }
  return options;
}

/** The mark as kube-proxy writes it: 0x004000. */
export function markText({ masqueradeMark }: IptablesOptions): string {
  return `0x${masqueradeMark.toString(16).padStart(6, '0')}`;
}
