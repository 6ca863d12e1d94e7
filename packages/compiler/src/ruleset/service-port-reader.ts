import type { Cidr, TrafficPolicy } from '@shunt/model';
import { FRONTEND_KINDS } from './canonical.js';
import type { LineScanner } from './line-scanner.js';
import type { ReportLine } from './ruleset-reader.js';
import { slotsFrom } from './slots.js';
import type {
  Action,
  Backend,
  EndpointAddress,
  Frontend,
  FrontendKind,
  Pool,
  PoolName,
  ServicePort,
  Strategy,
} from './types.js';

const POLICIES = ['Cluster', 'Local'] as const;
const STRATEGIES = ['even', 'maglev', 'random', 'rendezvous', 'ring', 'jump'] as const;
const ACTIONS = ['cluster', 'local', 'reject', 'drop', 'accept', 'none'] as const;

/** Slots are u32 indexes everywhere, so no count or index can be larger. */
const MAX_INDEX = 0xffffffff;

interface PoolDraft {
  readonly line: number;
  readonly strategy: Strategy;
  /** `null`: not given, so slot i is backend i. */
  readonly slotCount: number | null;
  readonly backends: Backend[];
  readonly slots: number[];
  /** Whether some line of slots could not be read, so that their number says nothing. */
  slotsMissing: boolean;
}

type FrontendDraft = Omit<Frontend, 'sourceRanges'> & { sourceRanges: Cidr[] | null };
type Identity = Pick<ServicePort, 'namespace' | 'name' | 'portName' | 'protocol' | 'family'>;

/** Gathers one service port from its lines, from `service-port` on. */
export class ServicePortReader {
  readonly #line: number;
  readonly #reportLine: ReportLine;
  readonly #identity: Identity;
  readonly #seen = new Set<string>();
  #policies: { internal: TrafficPolicy; external: TrafficPolicy } | null = null;
  #affinitySeconds: number | null = null;
  #healthCheckNodePort: number | null = null;
  #hasEndpoints: boolean | null = null;
  readonly #pools = new Map<PoolName, PoolDraft>();
  #pool: PoolDraft | null = null;
  readonly #frontends: FrontendDraft[] = [];
  readonly #serving: EndpointAddress[] = [];

  readonly #lineReaders: ReadonlyMap<string, (scanner: LineScanner) => void> = new Map([
    ['policy', (scanner) => this.#readPolicies(scanner)],
    ['affinity', (scanner) => this.#readAffinity(scanner)],
    ['health-check', (scanner) => this.#readHealthCheck(scanner)],
    ['has-endpoints', (scanner) => this.#readHasEndpoints(scanner, true)],
    ['no-endpoints', (scanner) => this.#readHasEndpoints(scanner, false)],
    ['pool', (scanner) => this.#readPool(scanner)],
    ['backend', (scanner) => this.#readBackend(scanner)],
    ['slots', (scanner) => this.#readSlots(scanner)],
    ['sources', (scanner) => this.#readSources(scanner)],
    ['serving', (scanner: LineScanner) => this.#serving.push(scanner.endpoint())],
    ...FRONTEND_KINDS.map(
      (kind) => [kind, (scanner: LineScanner) => this.#readFrontend(kind, scanner)] as const,
    ),
  ]);

  constructor(scanner: LineScanner, reportLine: ReportLine) {
    this.#line = scanner.line;
    this.#reportLine = reportLine;
    const family = scanner.choice(['IPv4', 'IPv6']);
    const name = scanner.servicePortName();
    this.#identity = { ...name, protocol: scanner.choice(['TCP', 'UDP', 'SCTP']), family };
  }

  readLine(scanner: LineScanner): void {
    for (const [word, read] of this.#lineReaders) {
      if (scanner.accept(word)) {
        read(scanner);
        return;
      }
    }
    scanner.unexpected('"service-port", or a line of a service port');
  }

  /** The service port; what is missing or does not fit is reported, and stood in for. */
  finish(): ServicePort {
    const missing = (what: string): void =>
      this.#reportLine(this.#line, 'missing', `expected a line ${what} in this service port`);
    if (this.#policies === null) missing('"policy internal POLICY external POLICY"');
    if (this.#hasEndpoints === null) missing('"has-endpoints" or "no-endpoints"');
    return {
      ...this.#identity,
      internalTrafficPolicy: this.#policies?.internal ?? 'Cluster',
      externalTrafficPolicy: this.#policies?.external ?? 'Cluster',
      affinitySeconds: this.#affinitySeconds,
      healthCheckNodePort: this.#healthCheckNodePort,
      hasEndpoints: this.#hasEndpoints ?? false,
      clusterPool: this.#finishPool('cluster'),
      localPool: this.#finishPool('local'),
      servingEndpoints: this.#serving,
      frontends: this.#frontends,
    };
  }

  #finishPool(name: PoolName): Pool | null {
    const draft = this.#pools.get(name);
    if (draft === undefined) return null;
    const { strategy, backends, slots, slotCount, slotsMissing, line } = draft;
    if (slotCount === null) {
      if (slots.length > 0)
        this.#reportLine(line, 'missing', `expected "${slots.length} slots" on this line`);
      return { backends, strategy, slots: backends.map((_, backendIndex) => backendIndex) };
    }
    if (slots.length !== slotCount && !slotsMissing) {
      this.#reportLine(line, 'value', `expected ${slotCount} slots below this line, got ${slots.length}`);
    }
    return { backends, strategy, slots: slotsFrom(slots, backends.length) };
  }

  #once(fact: string, scanner: LineScanner): void {
    if (this.#seen.has(fact))
      scanner.fail('value', `expected one ${fact} line in a service port, got another`);
    this.#seen.add(fact);
  }

  #readPolicies(scanner: LineScanner): void {
    this.#once('"policy"', scanner);
    scanner.expect('internal');
    const internal = scanner.choice(POLICIES);
    scanner.expect('external');
    this.#policies = { internal, external: scanner.choice(POLICIES) };
  }

  #readAffinity(scanner: LineScanner): void {
    this.#once('"affinity"', scanner);
    this.#affinitySeconds = scanner.integer('the affinity timeout', 1, Number.MAX_SAFE_INTEGER, 's');
  }

  #readHealthCheck(scanner: LineScanner): void {
    this.#once('"health-check"', scanner);
    this.#healthCheckNodePort = scanner.integer('a port', 1, 65535);
  }

  #readHasEndpoints(scanner: LineScanner, hasEndpoints: boolean): void {
    this.#once('"has-endpoints" or "no-endpoints"', scanner);
    this.#hasEndpoints = hasEndpoints;
  }

  #readPool(scanner: LineScanner): void {
    const name = scanner.choice(['cluster', 'local']);
    this.#once(`"pool ${name}"`, scanner);
    const strategy = scanner.choice(STRATEGIES);
    const identical = (strategy === 'even' || strategy === 'random') && scanner.atEnd;
    const slotCount = identical ? null : scanner.integer('the number of slots', 0, MAX_INDEX);
    if (!identical) scanner.expect('slots');
    this.#pool = { line: scanner.line, strategy, slotCount, backends: [], slots: [], slotsMissing: false };
    this.#pools.set(name, this.#pool);
  }

  #readBackend(scanner: LineScanner): void {
    const { address, port } = scanner.endpoint();
    const local = scanner.accept('local');
    const weight = scanner.accept('weight') ? scanner.weight() : 1;
    if (this.#pool === null) scanner.fail('syntax', 'expected a "pool" line above this backend');
    this.#pool?.backends.push({ address, port, local, weight });
  }

  #readSlots(scanner: LineScanner): void {
    const first = scanner.integer('the number of the first slot', 0, MAX_INDEX, ':');
    const pool = this.#pool;
    if (pool === null) {
      scanner.fail('syntax', 'expected a "pool" line above these slots');
      return;
    }
    const { slots } = pool;
    if (first !== slots.length) scanner.fail('value', `expected slot ${slots.length}, got ${first}`);
    do slots.push(scanner.integer('a backend index', 0, MAX_INDEX));
    while (!scanner.atEnd);
    pool.slotsMissing ||= scanner.failed;
  }

  #readFrontend(kind: FrontendKind, scanner: LineScanner): void {
    const place = scanner.endpointOrPort();
    this.#frontends.push({ kind, ...place, sourceRanges: null, actions: readActions(scanner) });
  }

  #readSources(scanner: LineScanner): void {
    const frontend = this.#frontends.at(-1);
    const ranges = scanner.accept('none') ? [] : [scanner.cidr()];
    if (frontend === undefined) scanner.fail('syntax', 'expected a frontend above these sources');
    else (frontend.sourceRanges ??= []).push(...ranges);
  }
}

function readActions(scanner: LineScanner): Frontend['actions'] {
  if (scanner.accept('any')) {
    const action = readAction(scanner);
    return { pod: action, node: action, outside: action };
  }
  if (!scanner.isNext('pod')) scanner.unexpected('"any ->" or "pod ->"');
  scanner.expect('pod');
  const pod = readAction(scanner);
  scanner.expect(',');
  scanner.expect('node');
  const node = readAction(scanner);
  scanner.expect(',');
  scanner.expect('outside');
  return { pod, node, outside: readAction(scanner) };
}

function readAction(scanner: LineScanner): Action {
  scanner.expect('->');
  const word = scanner.choice(ACTIONS);
  if (word !== 'cluster' && word !== 'local') return { verdict: word };
  return { verdict: 'forward', pool: word, masquerade: scanner.accept('masquerade') ? 'always' : 'never' };
}
