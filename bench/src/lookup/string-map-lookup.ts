/**
 * The whole job of a lookup on a `Map` with string keys, for IPv4 and nftables mode. It is written as
 * well as that allows: all that does not depend on the packet is worked out before, a packet that its
 * address's frontend translates needs one key, and nothing but keys is allocated.
 */
import type { Action, Frontend, Pool, Ruleset, RulesetChange, ServicePort } from '@shunt/compiler';
import {
  type Cidr,
  cidrFamily,
  cidrLast,
  DECIDED_BY,
  flowHash4,
  ORIGINS,
  OUTCOME_DECIDED_BY_SHIFT,
  OUTCOME_MASQUERADE,
  OUTCOME_ORIGIN_SHIFT,
  OUTCOME_PORT_SHIFT,
  PACKET4_DESTINATION,
  PACKET4_PORTS,
  PACKET4_PROTOCOL,
  PACKET4_SOURCE,
  protocolNumber,
  reciprocalScale,
  VERDICT_BACKEND,
  VERDICT_FRONTEND,
  VERDICT_OUTCOME,
  VERDICT4_ADDRESS,
  VERDICTS,
} from '@shunt/model';

interface MapBackend {
  readonly address: number;
  readonly port: number;
  readonly index: number;
}

interface MapAction {
  /** The verdict's number, with who decided in its place. */
  readonly outcome: number;
  /** The backend of each slot; `null` unless the action forwards. */
  readonly slots: readonly MapBackend[] | null;
  readonly masquerade: boolean;
}

interface MapFrontend {
  readonly index: number;
  readonly isClusterIP: boolean;
  readonly sourceRanges: readonly Interval[] | null;
  /** By the origin's number. */
  readonly actions: readonly MapAction[];
}

interface Interval {
  readonly first: number;
  readonly last: number;
}

const POD = ORIGINS.indexOf('pod');
const NODE = ORIGINS.indexOf('node');
const OUTSIDE = ORIGINS.indexOf('outside');
const DROP = VERDICTS.indexOf('drop');
const REJECT = VERDICTS.indexOf('reject');
const ACCEPT = VERDICTS.indexOf('accept');
const BY_FRONTEND = DECIDED_BY.indexOf('frontend') << OUTCOME_DECIDED_BY_SHIFT;
const DROPPED_BY_RANGES = DROP | (DECIDED_BY.indexOf('source-ranges') << OUTCOME_DECIDED_BY_SHIFT);
const REJECTED_BY_CLUSTER_IP = REJECT | (DECIDED_BY.indexOf('cluster-ip') << OUTCOME_DECIDED_BY_SHIFT);
const DROPPED_BY_SERVICE_CIDR = DROP | (DECIDED_BY.indexOf('service-cidr') << OUTCOME_DECIDED_BY_SHIFT);

/** Answers IPv4 packet records. */
export class StringMapLookup {
  readonly #frontends = new Map<string, MapFrontend>();
  readonly #podRanges: readonly Interval[];
  readonly #localAddresses: ReadonlySet<number>;
  readonly #nodePortAddresses: ReadonlySet<number>;
  readonly #clusterIPs: Set<number>;
  readonly #serviceRanges: readonly Interval[];
  readonly #seed: number;
  #backendCount = 0;
  #frontendCount = 0;

  /** @throws {RangeError} for a ruleset of iptables mode */
  constructor(ruleset: Ruleset, seed: number) {
    if (ruleset.mode !== 'nftables') throw new RangeError('"ruleset" expected nftables mode, got iptables');
    const { match } = ruleset.nodePorts.IPv4;
    this.#seed = seed;
    this.#podRanges = intervals(ruleset.podCIDRs);
    this.#localAddresses = new Set(ruleset.localAddresses.filter(isIPv4));
    this.#nodePortAddresses = match === 'local' ? this.#localAddresses : new Set(match.filter(isIPv4));
    this.#clusterIPs = new Set(ruleset.clusterIPs.filter(isIPv4));
    this.#serviceRanges = intervals(ruleset.serviceCIDRs);
    for (const servicePort of ruleset.servicePorts) this.#add(servicePort);
  }

  /**
   * Takes in a change: each service port that it names is made anew, and numbered on.
   * @throws {RangeError} if it is of anything but service ports and cluster IPs
   */
  update({ removed, added, replaced, clusterIPs, sections }: RulesetChange): void {
    if (Object.keys(sections).length > 0) throw new RangeError('"change" expected the sections as they were');
    for (const address of clusterIPs.removed.filter(isIPv4)) this.#clusterIPs.delete(address);
    for (const address of clusterIPs.added.filter(isIPv4)) this.#clusterIPs.add(address);
    for (const servicePort of [...removed, ...replaced.map(({ before }) => before)])
      this.#delete(servicePort);
    for (const servicePort of [...replaced.map(({ after }) => after), ...added]) this.#add(servicePort);
  }

  #add(servicePort: ServicePort): void {
    if (servicePort.family !== 'IPv4') return;
    const cluster = slotsOf(servicePort.clusterPool, this.#backendCount);
    this.#backendCount += servicePort.clusterPool?.backends.length ?? 0;
    const local = slotsOf(servicePort.localPool, this.#backendCount);
    this.#backendCount += servicePort.localPool?.backends.length ?? 0;
    for (const frontend of servicePort.frontends) {
      const made = mapFrontend(++this.#frontendCount, frontend, { cluster, local });
      this.#frontends.set(keyOf(frontend, servicePort), made);
    }
  }

  #delete(servicePort: ServicePort): void {
    if (servicePort.family !== 'IPv4') return;
    for (const frontend of servicePort.frontends) this.#frontends.delete(keyOf(frontend, servicePort));
  }

  /** Answers the packet at one word offset into the verdict at another. */
  answer(packets: Uint32Array, packet: number, verdicts: Uint32Array, verdict: number): void {
    const source = packets[packet + PACKET4_SOURCE] as number;
    const destination = packets[packet + PACKET4_DESTINATION] as number;
    const ports = packets[packet + PACKET4_PORTS] as number;
    const protocol = (packets[packet + PACKET4_PROTOCOL] as number) & 0xff;
    const port = ports & 0xffff;
    const origin = this.#originOf(source);
    const outcomeOrigin = origin << OUTCOME_ORIGIN_SHIFT;

    const frontend = this.#frontends.get(`${destination}:${port}/${protocol}`);
    let refusal: MapAction | null = null;
    if (frontend !== undefined) {
      const { sourceRanges } = frontend;
      if (sourceRanges !== null && !contain(sourceRanges, source)) {
        write(verdicts, verdict, DROPPED_BY_RANGES | outcomeOrigin, null, frontend);
        return;
      }
      const action = frontend.actions[origin] as MapAction;
      if (action.slots !== null) {
        this.#translate(action, action.slots, frontend, source, ports, outcomeOrigin, verdicts, verdict);
        return;
      }
      if (action.outcome !== 0) refusal = action;
      if ((action.outcome & 7) === DROP && !frontend.isClusterIP) {
        write(verdicts, verdict, action.outcome | outcomeOrigin, null, frontend);
        return;
      }
    }
    let nodePort: MapFrontend | null = null;
    if (this.#nodePortAddresses.has(destination)) {
      nodePort = this.#frontends.get(`nodePort:${port}/${protocol}`) ?? null;
      const action = nodePort?.actions[origin];
      if (nodePort !== null && action != null && action.slots !== null) {
        this.#translate(action, action.slots, nodePort, source, ports, outcomeOrigin, verdicts, verdict);
        return;
      }
    }
    if (this.#isLocal(destination)) {
      const healthCheck = this.#frontends.get(`healthCheckNodePort:${port}/${protocol}`);
      if (healthCheck !== undefined) {
        write(verdicts, verdict, ACCEPT | BY_FRONTEND | outcomeOrigin, null, healthCheck);
        return;
      }
    }
    const nodePortRefusal = nodePort?.actions[origin]?.outcome ?? 0;
    if (nodePortRefusal !== 0) write(verdicts, verdict, nodePortRefusal | outcomeOrigin, null, nodePort);
    else if (refusal !== null)
      write(verdicts, verdict, refusal.outcome | outcomeOrigin, null, frontend ?? null);
    else write(verdicts, verdict, this.#clusterIPSpace(source, destination) | outcomeOrigin, null, null);
  }

  #translate(
    action: MapAction,
    slots: readonly MapBackend[],
    frontend: MapFrontend,
    source: number,
    ports: number,
    outcomeOrigin: number,
    verdicts: Uint32Array,
    verdict: number,
  ): void {
    const hash = flowHash4(source, ports >>> 16, this.#seed);
    const backend = slots[reciprocalScale(hash, slots.length)] as MapBackend;
    const masquerade = action.masquerade || backend.address === source ? OUTCOME_MASQUERADE : 0;
    const port = backend.port << OUTCOME_PORT_SHIFT;
    write(verdicts, verdict, action.outcome | masquerade | port | outcomeOrigin, backend, frontend);
  }

  #originOf(source: number): number {
    if (contain(this.#podRanges, source)) return POD;
    return this.#isLocal(source) ? NODE : OUTSIDE;
  }

  #isLocal(address: number): boolean {
    return address >>> 24 === 127 || this.#localAddresses.has(address);
  }

  #clusterIPSpace(source: number, destination: number): number {
    if (this.#isLocal(destination) && !this.#isLocal(source)) return 0;
    if (this.#clusterIPs.has(destination)) return REJECTED_BY_CLUSTER_IP;
    return contain(this.#serviceRanges, destination) ? DROPPED_BY_SERVICE_CIDR : 0;
  }
}

function write(
  verdicts: Uint32Array,
  verdict: number,
  outcome: number,
  backend: MapBackend | null,
  frontend: MapFrontend | null,
): void {
  verdicts[verdict + VERDICT_OUTCOME] = outcome;
  verdicts[verdict + VERDICT4_ADDRESS] = backend === null ? 0 : backend.address;
  verdicts[verdict + VERDICT_BACKEND] = backend === null ? 0 : backend.index;
  verdicts[verdict + VERDICT_FRONTEND] = frontend === null ? 0 : frontend.index;
}

function keyOf(frontend: Frontend, servicePort: ServicePort): string {
  const protocol = frontend.kind === 'healthCheckNodePort' ? 'TCP' : servicePort.protocol;
  const place = frontend.address ?? frontend.kind;
  return `${place}:${frontend.port}/${protocolNumber(protocol, 'IPv4')}`;
}

type Slots = Readonly<Record<'cluster' | 'local', readonly MapBackend[]>>;

function mapFrontend(index: number, { kind, sourceRanges, actions }: Frontend, slots: Slots): MapFrontend {
  return {
    index,
    isClusterIP: kind === 'clusterIP',
    sourceRanges: sourceRanges === null ? null : intervals(sourceRanges),
    actions: ORIGINS.map((origin) => mapAction(actions[origin], slots)),
  };
}

function mapAction(action: Action, slots: Slots): MapAction {
  if (action.verdict === 'none') return { outcome: 0, slots: null, masquerade: false };
  if (action.verdict !== 'forward') {
    return { outcome: VERDICTS.indexOf(action.verdict) | BY_FRONTEND, slots: null, masquerade: false };
  }
  return {
    outcome: VERDICTS.indexOf('dnat') | BY_FRONTEND,
    slots: slots[action.pool],
    masquerade: action.masquerade === 'always',
  };
}

function slotsOf(pool: Pool | null, backendsBefore: number): readonly MapBackend[] {
  if (pool === null) return [];
  const backends = pool.backends.map(({ address, port }, index) => {
    return { address: address as number, port, index: backendsBefore + index + 1 };
  });
  return Array.from(pool.slots, (slot) => backends[slot] as MapBackend);
}

function intervals(ranges: readonly Cidr[]): Interval[] {
  return ranges
    .filter((range) => cidrFamily(range) === 'IPv4')
    .map((range) => ({ first: range.base as number, last: cidrLast(range) as number }));
}

function contain(ranges: readonly Interval[], address: number): boolean {
  for (let index = 0; index < ranges.length; index++) {
    const range = ranges[index] as Interval;
    if (address >= range.first && address <= range.last) return true;
  }
  return false;
}

function isIPv4(address: number | bigint): address is number {
  return typeof address === 'number';
}
