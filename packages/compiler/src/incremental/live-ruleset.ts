import { type Address, compareAddresses } from '@shunt/model';
import { applyRulesetChange } from '../ruleset/apply-change.js';
import { compareServicePorts } from '../ruleset/canonical.js';
import { isEmptyChange, type RulesetChange, sectionsChange } from '../ruleset/change.js';
import type { Ruleset, RulesetSections, ServicePort } from '../ruleset/types.js';
import { reuseServicePort } from './reuse.js';

/** What was before, of all that changed since some moment. */
interface Earlier {
  /** By key; `null`: there was none. */
  readonly ports: Map<string, ServicePort | null>;
  /** Whether it was one. */
  readonly clusterIPs: Map<Address, boolean>;
  sections: RulesetSections;
}

/**
 * The ruleset in force, by its parts: to change one of them costs nothing for the others. The lists that
 * a ruleset has are made when somebody asks for them, from those that were made last.
 */
export class LiveRuleset {
  readonly #ports = new Map<string, ServicePort>();
  /** How many service ports have each. */
  readonly #clusterIPs = new Map<Address, number>();
  #sections: RulesetSections;
  #listed: Ruleset;
  #sinceListed: Earlier;
  #sinceTaken: Earlier;

  constructor(sections: RulesetSections) {
    this.#sections = sections;
    this.#listed = { ...sections, clusterIPs: [], servicePorts: [] };
    this.#sinceListed = nothingChanged(sections);
    this.#sinceTaken = nothingChanged(sections);
  }

  /** What is as it was keeps its identity. @param port - `null`: it is gone */
  putPort(key: string, port: ServicePort | null): void {
    const before = this.#port(key);
    const after = port === null ? null : reuseServicePort(before, port);
    if (before === after) return;
    if (after === null) this.#ports.delete(key);
    else this.#ports.set(key, after);
    note(this.#sinceListed.ports, key, before, after);
    note(this.#sinceTaken.ports, key, before, after);
  }

  /** A service port has a cluster IP, or has it no more. @param count - 1 or -1 */
  countClusterIP(address: Address, count: number): void {
    const before = this.#clusterIPs.get(address) ?? 0;
    const after = before + count;
    if (after === 0) this.#clusterIPs.delete(address);
    else this.#clusterIPs.set(address, after);
    if ((before === 0) === (after === 0)) return;
    for (const { clusterIPs } of [this.#sinceListed, this.#sinceTaken]) {
      note(clusterIPs, address, before !== 0, after !== 0);
    }
  }

  /** Sections that are equal keep their identity. */
  putSections(sections: RulesetSections): void {
    this.#sections = { ...this.#sections, ...sectionsChange(this.#sections, sections) };
  }

  /** The whole, in canonical order. */
  list(): Ruleset {
    const change = this.#changeSince(this.#sinceListed);
    if (!isEmptyChange(change)) this.#listed = applyRulesetChange(this.#listed, change);
    this.#sinceListed = nothingChanged(this.#sections);
    return this.#listed;
  }

  /** What changed since this was asked last. */
  takeChange(): RulesetChange {
    const change = this.#changeSince(this.#sinceTaken);
    this.#sinceTaken = nothingChanged(this.#sections);
    return change;
  }

  #port(key: string): ServicePort | null {
    return this.#ports.get(key) ?? null;
  }

  #changeSince(earlier: Earlier): RulesetChange {
    const removed: ServicePort[] = [];
    const added: ServicePort[] = [];
    const replaced: { before: ServicePort; after: ServicePort }[] = [];
    for (const [key, before] of earlier.ports) {
      const after = this.#port(key);
      if (before !== null && after !== null) replaced.push({ before, after });
      else if (before !== null) removed.push(before);
      else if (after !== null) added.push(after);
    }
    const addresses = [...earlier.clusterIPs.keys()].sort(compareAddresses);
    return {
      removed: removed.sort(compareServicePorts),
      added: added.sort(compareServicePorts),
      replaced: replaced.sort((a, b) => compareServicePorts(a.after, b.after)),
      clusterIPs: {
        removed: addresses.filter((address) => !this.#clusterIPs.has(address)),
        added: addresses.filter((address) => this.#clusterIPs.has(address)),
      },
      sections: earlier.sections === this.#sections ? {} : sectionsChange(earlier.sections, this.#sections),
    };
  }
}

function nothingChanged(sections: RulesetSections): Earlier {
  return { ports: new Map(), clusterIPs: new Map(), sections };
}

// What is as it was again is forgotten, so that no more is remembered than there was and is.
function note<Key, Value extends ServicePort | boolean | null>(
  earlier: Map<Key, Value>,
  key: Key,
  before: Value,
  after: Value,
): void {
  const noted = earlier.get(key);
  if (noted === undefined) earlier.set(key, before);
  else if (noted === after) earlier.delete(key);
}
