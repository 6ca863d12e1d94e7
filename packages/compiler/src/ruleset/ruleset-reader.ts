import type { Address, Cidr, DiagnosticCode, Family, Mode } from '@shunt/model';
import type { LineScanner } from './line-scanner.js';
import { ServicePortReader } from './service-port-reader.js';
import type { NodePortAddresses, Ruleset } from './types.js';

/** Reports a problem of a whole line, or of what should follow it. */
export type ReportLine = (line: number, code: DiagnosticCode, message: string) => void;

type LineReader = (scanner: LineScanner) => void;

/** Gathers a ruleset from its lines: the header's here, those of a service port in its own reader. */
export class RulesetReader {
  readonly #reportLine: ReportLine;
  #identity: { readonly mode: Mode; readonly node: string } | null = null;
  readonly #podCIDRs: Cidr[] = [];
  readonly #localAddresses: Address[] = [];
  readonly #nodePorts = new Map<Family, NodePortAddresses>();
  readonly #clusterIPs: Address[] = [];
  readonly #serviceCIDRs: Cidr[] = [];
  readonly #servicePorts: ServicePortReader[] = [];

  readonly #lineReaders: ReadonlyMap<string, LineReader> = new Map<string, LineReader>([
    ['ruleset', (scanner) => this.#readIdentity(scanner)],
    ['pods', (scanner) => this.#podCIDRs.push(scanner.cidr())],
    ['local', (scanner) => this.#localAddresses.push(scanner.address())],
    ['node-ports', (scanner) => this.#readNodePorts(scanner)],
    ['cluster-ip', (scanner) => this.#clusterIPs.push(scanner.address())],
    ['service-cidr', (scanner) => this.#serviceCIDRs.push(scanner.cidr())],
    ['service-port', (scanner) => this.#servicePorts.push(new ServicePortReader(scanner, this.#reportLine))],
  ]);

  constructor(reportLine: ReportLine) {
    this.#reportLine = reportLine;
  }

  readLine(scanner: LineScanner): void {
    for (const [word, read] of this.#lineReaders) {
      if (scanner.accept(word)) {
        read(scanner);
        return;
      }
    }
    const servicePort = this.#servicePorts.at(-1);
    if (servicePort !== undefined) servicePort.readLine(scanner);
    else scanner.unexpected('a line of the header or "service-port"');
  }

  /** @returns the ruleset; `null` if something of it is missing, which is then reported */
  finish(): Ruleset | null {
    const servicePorts = this.#servicePorts.map((reader) => reader.finish());
    const nodePorts = { IPv4: this.#nodePorts.get('IPv4'), IPv6: this.#nodePorts.get('IPv6') };
    if (this.#identity === null) this.#reportLine(1, 'missing', 'expected a line "ruleset MODE node NAME"');
    if (nodePorts.IPv4 === undefined) this.#reportLine(1, 'missing', 'expected a line "node-ports IPv4"');
    if (nodePorts.IPv6 === undefined) this.#reportLine(1, 'missing', 'expected a line "node-ports IPv6"');
    if (this.#identity === null || nodePorts.IPv4 === undefined || nodePorts.IPv6 === undefined) return null;
    return {
      ...this.#identity,
      podCIDRs: this.#podCIDRs,
      localAddresses: this.#localAddresses,
      nodePorts: { IPv4: nodePorts.IPv4, IPv6: nodePorts.IPv6 },
      clusterIPs: this.#clusterIPs,
      serviceCIDRs: this.#serviceCIDRs,
      servicePorts,
    };
  }

  #readIdentity(scanner: LineScanner): void {
    if (this.#identity !== null) scanner.fail('value', 'expected one "ruleset" line, got another');
    const mode = scanner.choice(['iptables', 'nftables']);
    scanner.expect('node');
    this.#identity = { mode, node: scanner.name('the name of the node') };
  }

  #readNodePorts(scanner: LineScanner): void {
    const family = scanner.choice(['IPv4', 'IPv6']);
    if (this.#nodePorts.has(family)) {
      scanner.fail('value', `expected one "node-ports ${family}" line, got another`);
    }
    scanner.expect('on');
    const match = readMatch(scanner);
    const loopback = scanner.accept('with');
    if (loopback) scanner.expect('loopback');
    scanner.expect('refuse');
    this.#nodePorts.set(family, { match, loopback, refuse: scanner.choice(['same', 'local']) });
  }
}

function readMatch(scanner: LineScanner): NodePortAddresses['match'] {
  if (scanner.accept('local')) return 'local';
  if (scanner.accept('none')) return [];
  const addresses = [scanner.address()];
  while (!scanner.atEnd && !scanner.isNext('with') && !scanner.isNext('refuse')) {
    addresses.push(scanner.address());
  }
  return addresses;
}
