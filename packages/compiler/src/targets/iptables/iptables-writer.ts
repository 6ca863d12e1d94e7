/**
 * The iptables target: a ruleset of iptables mode as kube-proxy writes it, chain by chain and word by word.
 * Pure: text comes out, and what the kernel holds comes in as text that was read.
 */
import type { Family } from '@shunt/model';
import type { RulesetChange } from '../../ruleset/change.js';
import { protectsLocalnet } from '../../ruleset/node-ports.js';
import { type Ruleset, type ServicePort, servicePortKey } from '../../ruleset/types.js';
import { type RuleText, RuleTextWriter } from '../rule-text.js';
import { UnsupportedFeatureError } from '../unsupported-feature.js';
import { chainNamesOf, FIREWALL, isServiceChain } from './chain-names.js';
import { detectorOf, dispatchOf } from './dispatch.js';
import { type PortRulesInput, type SharedRules, sharedRules } from './dispatch-rules.js';
import { earlyRefusals } from './early-refusals.js';
import { type IptablesOptions, iptablesOptions } from './iptables-options.js';
import { JUMP_RULES, type JumpRule } from './jump-rules.js';
import { normalRule } from './normal-rule.js';
import { expectOwnNodePortAddresses, expectOwnRefusals } from './own-addresses.js';
import { NO_TABLES, normalRules, parseIptablesSave, type SavedTables } from './saved-tables.js';
import { reachableBackends, type ServiceChain, serviceChainNames, serviceChains } from './service-chains.js';
import {
  FILTER_CHAINS,
  forwardingRules,
  localnetRule,
  masqueradeRules,
  NAT_CHAINS,
  nodePortJumps,
} from './static-rules.js';

/** One for each family: the two have tools of their own, `iptables-restore` and `ip6tables-restore`. */
export type PerFamily<T> = Readonly<Record<Family, T>>;

/** With more endpoints than this, the rules of endpoints have no comments (kube-proxy's large-cluster mode). */
export const LARGE_CLUSTER_ENDPOINTS = 1000;

/** What is made once for each service port. */
interface RenderedPort {
  readonly input: PortRulesInput;
  readonly shared: SharedRules;
  readonly endpointCount: number;
}

/** What of one family is written. */
interface FamilyPlan {
  readonly family: Family;
  readonly ruleset: Ruleset;
  /** All service ports of the family. */
  readonly ports: readonly RenderedPort[];
  /** Those whose chains are written. */
  readonly written: readonly RenderedPort[];
  /** Chains to be emptied, and deleted if no rule of others leads to them: that would stop the whole text. */
  readonly stale: readonly string[];
  readonly ledTo: ReadonlySet<string>;
  readonly commentEndpoints: boolean;
  /** `null`: not known. */
  readonly held: SavedTables | null;
}

/**
 * Writes input of `iptables-restore --noflush --counters`. It remembers nothing but what makes the next text
 * quicker.
 */
export class IptablesWriter {
  readonly options: IptablesOptions;
  /** The rules in the kernel's own chains, which {@link full} adds where it is told that they are missing. */
  readonly jumps: readonly JumpRule[] = JUMP_RULES;
  #rendered = new WeakMap<ServicePort, RenderedPort>();
  #countsLocalhost = false;

  /** @throws {RangeError} if the mark is not one bit */
  constructor(options: Partial<IptablesOptions> = {}) {
    this.options = iptablesOptions(options);
  }

  /**
   * The whole of a ruleset.
   * @param held - what the kernel holds, by {@link parseIptablesSave}: chains of service ports that are no
   *   longer there are deleted, and missing jumps are put in front. Without it nothing is deleted and there are
   *   no jumps: exactly what kube-proxy gives to iptables-restore
   * @throws {UnsupportedFeatureError} for what kube-proxy's iptables mode cannot say
   */
  full(ruleset: Ruleset, held?: PerFamily<SavedTables>): PerFamily<RuleText> {
    return this.#write(ruleset, (family, ports) => {
      const active = new Set(ports.flatMap(({ input }) => serviceChainNames(input)));
      const chains = [...(held?.[family].get('nat')?.keys() ?? [])];
      const stale = chains.filter((name) => isServiceChain(name) && !active.has(name)).sort();
      const commentEndpoints = endpointCount(ports) <= LARGE_CLUSTER_ENDPOINTS;
      const ledTo = chainsOfOthersLeadTo(held?.[family]);
      return { written: ports, stale, ledTo, commentEndpoints, held: held?.[family] ?? null };
    });
  }

  /**
   * The way from the ruleset before to this one: the chains that all share, and those of the service ports that
   * changed. Chains of service ports and endpoints that are gone are deleted.
   * @throws {UnsupportedFeatureError} for what kube-proxy's iptables mode cannot say
   */
  partial(ruleset: Ruleset, change: RulesetChange): PerFamily<RuleText> {
    const changed = new Set(
      [...change.added, ...change.replaced.map(({ after }) => after)].map(servicePortKey),
    );
    const gone = [...change.removed, ...change.replaced.map(({ before }) => before)];
    return this.#write(ruleset, (family, ports) => {
      const [before, after] = [
        gone.filter((port) => port.family === family).map((port) => this.#render(port)),
        ports.filter(({ input }) => changed.has(servicePortKey(input.port))),
      ];
      const countBefore = endpointCount(ports) - endpointCount(after) + endpointCount(before);
      const commentEndpoints = endpointCount(ports) <= LARGE_CLUSTER_ENDPOINTS;
      const isAll =
        change.sections.podCIDRs !== undefined || commentEndpoints !== countBefore <= LARGE_CLUSTER_ENDPOINTS;
      const written = isAll ? ports : after;
      const active = new Set(after.flatMap(({ input }) => serviceChainNames(input)));
      const were = new Set(before.flatMap(({ input }) => serviceChainNames(input)));
      const stale = [...were].filter((name) => !active.has(name));
      return { written, stale, ledTo: new Set(), commentEndpoints, held: null };
    });
  }

  /** What the kernel must hold. As {@link full} if it starts from nothing, jumps included. */
  contents(ruleset: Ruleset): PerFamily<SavedTables> {
    const texts = this.full(ruleset, { IPv4: NO_TABLES, IPv6: NO_TABLES });
    const read = ({ text, originOf }: RuleText): SavedTables => parseIptablesSave(text, originOf);
    return { IPv4: read(texts.IPv4), IPv6: read(texts.IPv6) };
  }

  #write(
    ruleset: Ruleset,
    plan: (
      family: Family,
      ports: readonly RenderedPort[],
    ) => Omit<FamilyPlan, 'family' | 'ruleset' | 'ports'>,
  ): PerFamily<RuleText> {
    if (ruleset.mode !== 'iptables') {
      const detail = 'its rules are those of kube-proxy in iptables mode; compile with mode iptables';
      throw new UnsupportedFeatureError('iptables', 'nftables mode', detail);
    }
    expectOwnNodePortAddresses(ruleset);
    const countsLocalhost = this.options.nfacct && protectsLocalnet(ruleset);
    if (countsLocalhost !== this.#countsLocalhost) this.#rendered = new WeakMap();
    this.#countsLocalhost = countsLocalhost;
    const rendered = ruleset.servicePorts.map((port) => this.#render(port));
    // The node's addresses change without the service ports that are known.
    for (const { input } of rendered) expectOwnRefusals(ruleset, input.port, input.dispatch);
    const textOf = (family: Family): RuleText => {
      const ports = rendered.filter(({ input }) => input.port.family === family);
      return this.#familyText({ family, ruleset, ports, ...plan(family, ports) });
    };
    return { IPv4: textOf('IPv4'), IPv6: textOf('IPv6') };
  }

  #render(port: ServicePort): RenderedPort {
    const known = this.#rendered.get(port);
    if (known !== undefined) return known;
    const input = { port, chains: chainNamesOf(port), dispatch: dispatchOf(port) };
    const shared = sharedRules(input, this.#countsLocalhost && port.family === 'IPv4');
    const rendered = { input, shared, endpointCount: reachableBackends(input).length };
    this.#rendered.set(port, rendered);
    return rendered;
  }

  #familyText(plan: FamilyPlan): RuleText {
    const writer = new RuleTextWriter();
    this.#writeFilter(writer, plan);
    this.#writeNat(writer, plan);
    return writer.finish();
  }

  #writeFilter(writer: RuleTextWriter, { family, ruleset, ports, held }: FamilyPlan): void {
    const localnet = localnetRule(ruleset, family);
    // The kubelet's rule may be in the chain, and is not to be lost where it is not written here.
    const declaresFirewall =
      localnet !== null || (held !== null && held.get('filter')?.has(FIREWALL) !== true);
    writer.write('*filter');
    for (const chain of FILTER_CHAINS) writer.write(chainLine(chain));
    if (declaresFirewall) writer.write(chainLine(FIREWALL));
    writeJumps(writer, 'filter', held);
    const early = earlyRefusals(ports.map(({ input }) => input));
    const writeAll = (rules: readonly string[], { input }: RenderedPort): void => {
      for (const rule of rules) writer.write(rule, servicePortKey(input.port));
    };
    for (const port of ports) if (early.has(port.input)) writeAll(port.shared.nodePortRefusals, port);
    for (const port of ports) {
      writeAll(port.shared.filter, port);
      if (!early.has(port.input)) writeAll(port.shared.nodePortRefusals, port);
    }
    for (const rule of forwardingRules(this.options)) writer.write(rule);
    if (localnet !== null) writer.write(localnet);
    writer.write('COMMIT');
  }

  #writeNat(writer: RuleTextWriter, plan: FamilyPlan): void {
    const { family, ruleset, ports, written, stale, ledTo, commentEndpoints, held } = plan;
    const chains: { readonly origin: string; readonly chain: ServiceChain }[] = [];
    for (const { input } of written) {
      const options = { pods: detectorOf(ruleset, input.port), commentEndpoints };
      const origin = servicePortKey(input.port);
      for (const chain of serviceChains(input, options)) chains.push({ origin, chain });
    }
    writer.write('*nat');
    for (const chain of NAT_CHAINS) writer.write(chainLine(chain));
    for (const { origin, chain } of chains) writer.write(chainLine(chain.name), origin);
    for (const chain of stale) writer.write(chainLine(chain));
    writeJumps(writer, 'nat', held);
    for (const rule of masqueradeRules(this.options)) writer.write(rule);
    for (const { input, shared } of ports) {
      const origin = servicePortKey(input.port);
      for (const rule of shared.nat) writer.write(rule, origin);
    }
    for (const { origin, chain } of chains) for (const rule of chain.rules) writer.write(rule, origin);
    for (const rule of nodePortJumps(ruleset, family)) writer.write(rule);
    for (const chain of stale) if (!ledTo.has(chain)) writer.write(`-X ${chain}`);
    writer.write('COMMIT');
  }
}

function endpointCount(ports: readonly RenderedPort[]): number {
  return ports.reduce((sum, port) => sum + port.endpointCount, 0);
}

/** The targets of all rules of the nat table in chains that are not this target's. */
function chainsOfOthersLeadTo(held: SavedTables | undefined): Set<string> {
  const targets = new Set<string>();
  for (const [name, { rules }] of held?.get('nat') ?? []) {
    if (isServiceChain(name) || NAT_CHAINS.includes(name)) continue;
    for (const { words } of rules) targets.add(/ ?-[jg] (\S+)/.exec(words)?.[1] ?? '');
  }
  return targets;
}

function chainLine(chain: string): string {
  return `:${chain} - [0:0]`;
}

function writeJumps(writer: RuleTextWriter, table: JumpRule['table'], held: SavedTables | null): void {
  if (held === null) return;
  for (const jump of JUMP_RULES) {
    if (jump.table !== table) continue;
    const rules = held.get(table)?.get(jump.from);
    const isThere = rules !== undefined && normalRules(rules).includes(normalRule(jump.words));
    if (!isThere) writer.write(`-I ${jump.from} ${jump.words}`);
  }
}
