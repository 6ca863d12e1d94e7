/**
 * The job of a stateless lookup as a file of words for the native peers: frontends, pools, backends
 * and ranges of one family, in the ruleset's order and with nothing laid out for speed. Nftables mode.
 * bench/peers/lookup-job.h reads it.
 *
 * ```
 * magic | address words A | seed, then sections, each with its count of records first:
 * pod ranges          first: A | last: A
 * local addresses     A
 * node-port addresses A, and behind them a word: 1 if loopback addresses are such, too
 * cluster IPs         A
 * service ranges      first: A | last: A
 * source ranges       first: A | last: A
 * frontends           kind | port << 16 | protocol | address: A | first range | ranges + 1 (0: all are let in)
 *                     | action of pod | of node | of outside | cluster pool | local pool
 * pools               first slot | slots | first backend | backends
 * slots               index of a backend in its pool
 * backends            address: A | port
 * ```
 *
 * Record 0 of frontends, pools and backends is none, and zero. An action is the verdict's number, 8 for
 * masquerade, 16 for the local pool.
 */
import type { Action, Frontend, FrontendKind, Pool, Ruleset, ServicePort } from '@shunt/compiler';
import {
  type Address,
  type Cidr,
  cidrFamily,
  cidrLast,
  type Family,
  familyOf,
  isLoopback,
  ORIGINS,
  protocolNumber,
  VERDICTS,
} from '@shunt/model';
import { addressWords } from '../workload/address-words.js';
import { WordList } from './word-list.js';

const MAGIC = 0x4c4f4f4b;
const KINDS: readonly FrontendKind[][] = [
  ['clusterIP'],
  ['externalIP', 'loadBalancerIP'],
  ['nodePort'],
  ['healthCheckNodePort'],
];
const MASQUERADE = 8;
const LOCAL_POOL = 16;

/**
 * Writes the job of a ruleset's frontends of one family.
 * @throws {RangeError} for a ruleset of iptables mode, whose rules the peers do not know
 */
export function lookupJob(ruleset: Ruleset, family: Family, seed: number): Uint32Array {
  if (ruleset.mode !== 'nftables') throw new RangeError('"ruleset" expected nftables mode, got iptables');
  const { match, loopback } = ruleset.nodePorts[family];
  const job = new JobWriter(family, seed);
  job.addRanges(ruleset.podCIDRs);
  job.addAddresses(ruleset.localAddresses);
  job.addAddresses(match === 'local' ? ruleset.localAddresses.filter((each) => !isLoopback(each)) : match);
  job.addWord(match === 'local' && loopback ? 1 : 0);
  job.addAddresses(ruleset.clusterIPs);
  job.addRanges(ruleset.serviceCIDRs);
  for (const port of ruleset.servicePorts) if (port.family === family) job.addServicePort(port);
  return job.words();
}

/** Records of a section. */
class Section {
  readonly list = new WordList();
  count = 0;

  add(...words: readonly number[]): void {
    this.list.push(...words);
    this.count++;
  }
}

class JobWriter {
  readonly #family: Family;
  readonly #noAddress: readonly number[];
  readonly #before = new WordList();
  readonly #sourceRanges = new Section();
  readonly #frontends = new Section();
  readonly #pools = new Section();
  readonly #slots = new Section();
  readonly #backends = new Section();

  constructor(family: Family, seed: number) {
    this.#family = family;
    this.#noAddress = family === 'IPv4' ? [0] : [0, 0, 0, 0];
    this.#before.push(MAGIC, this.#noAddress.length, seed);
    this.#frontends.add(...new Array<number>(9 + this.#noAddress.length).fill(0));
    this.#pools.add(0, 0, 0, 0);
    this.#backends.add(...this.#noAddress, 0);
  }

  addRanges(ranges: readonly Cidr[]): void {
    const own = this.#own(ranges);
    this.#before.push(own.length);
    for (const range of own) this.#before.push(...rangeWords(range));
  }

  addAddresses(addresses: readonly Address[]): void {
    const own = addresses.filter((address) => familyOf(address) === this.#family);
    this.#before.push(own.length);
    for (const address of own) this.#before.push(...addressWords(address));
  }

  addWord(word: number): void {
    this.#before.push(word);
  }

  addServicePort(servicePort: ServicePort): void {
    const pools = [this.#addPool(servicePort.clusterPool), this.#addPool(servicePort.localPool)];
    for (const frontend of servicePort.frontends) this.#addFrontend(frontend, servicePort, pools);
  }

  words(): Uint32Array {
    const job = new WordList();
    const sections = [this.#sourceRanges, this.#frontends, this.#pools, this.#slots, this.#backends];
    job.append(this.#before.words);
    for (const { count, list } of sections) {
      job.push(count);
      job.append(list.words);
    }
    return job.words;
  }

  #addFrontend(frontend: Frontend, { protocol }: ServicePort, pools: readonly number[]): void {
    const { kind, address, port, sourceRanges, actions } = frontend;
    const isNodePort = kind === 'nodePort' || kind === 'healthCheckNodePort';
    const ranges = sourceRanges === null || isNodePort ? null : this.#own(sourceRanges);
    const number = protocolNumber(kind === 'healthCheckNodePort' ? 'TCP' : protocol, this.#family);
    this.#frontends.add(
      KINDS.findIndex((kinds) => kinds.includes(kind)),
      (port << 16) | number,
      ...(address === null ? this.#noAddress : addressWords(address)),
      this.#sourceRanges.count,
      ranges === null ? 0 : ranges.length + 1,
      ...ORIGINS.map((origin) => actionWord(actions[origin])),
      ...pools,
    );
    for (const range of ranges ?? []) this.#sourceRanges.add(...rangeWords(range));
  }

  /** @returns the pool's number */
  #addPool(pool: Pool | null): number {
    if (pool === null || pool.backends.length === 0) return 0;
    const number = this.#pools.count;
    this.#pools.add(this.#slots.count, pool.slots.length, this.#backends.count, pool.backends.length);
    for (const slot of pool.slots) this.#slots.add(slot);
    for (const { address, port } of pool.backends) this.#backends.add(...addressWords(address), port);
    return number;
  }

  #own(ranges: readonly Cidr[]): readonly Cidr[] {
    return ranges.filter((range) => cidrFamily(range) === this.#family);
  }
}

function actionWord(action: Action): number {
  if (action.verdict !== 'forward') return VERDICTS.indexOf(action.verdict);
  const masquerade = action.masquerade === 'always' ? MASQUERADE : 0;
  return VERDICTS.indexOf('dnat') | masquerade | (action.pool === 'local' ? LOCAL_POOL : 0);
}

function rangeWords(range: Cidr): readonly number[] {
  return [...addressWords(range.base), ...addressWords(cidrLast(range))];
}
