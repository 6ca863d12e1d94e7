/**
 * What changed from one ruleset to the next, as values: its size follows the change, not the ruleset.
 * What did not change is not mentioned. For reading and printing, there is diff.ts.
 */
import type { Address } from '@shunt/model';
import { isSameValue } from './same-value.js';
import { type Ruleset, type RulesetSections, type ServicePort, servicePortKey } from './types.js';

/** Items of a list that are gone, and those that are new. */
export interface ListChange<T> {
  readonly removed: readonly T[];
  readonly added: readonly T[];
}

/** One service port as it was and as it is: of the same identity, and not equal. */
export interface ServicePortReplacement {
  readonly before: ServicePort;
  /** Pools and other parts that are equal in both are one object. */
  readonly after: ServicePort;
}

/** The way from one ruleset to the next. All lists are in canonical order. */
export interface RulesetChange {
  readonly removed: readonly ServicePort[];
  readonly added: readonly ServicePort[];
  readonly replaced: readonly ServicePortReplacement[];
  readonly clusterIPs: ListChange<Address>;
  /** The sections that are not what they were, as they are now. */
  readonly sections: Partial<RulesetSections>;
}

/** Whether both rulesets are the same. */
export function isEmptyChange({ removed, added, replaced, clusterIPs, sections }: RulesetChange): boolean {
  return (
    removed.length + added.length + replaced.length === 0 &&
    clusterIPs.removed.length + clusterIPs.added.length === 0 &&
    Object.keys(sections).length === 0
  );
}

/** Compares two whole rulesets; what is equal in both may be two objects. */
export function changeBetween(before: Ruleset, after: Ruleset): RulesetChange {
  const held = new Map(before.servicePorts.map((port) => [servicePortKey(port), port]));
  const kept = new Set<string>();
  const added: ServicePort[] = [];
  const replaced: ServicePortReplacement[] = [];
  for (const port of after.servicePorts) {
    const key = servicePortKey(port);
    const was = held.get(key);
    if (was === undefined) added.push(port);
    else if (!isSameValue(was, port)) replaced.push({ before: was, after: port });
    kept.add(key);
  }
  const [oldIPs, newIPs] = [new Set(before.clusterIPs), new Set(after.clusterIPs)];
  return {
    removed: before.servicePorts.filter((port) => !kept.has(servicePortKey(port))),
    added,
    replaced,
    clusterIPs: {
      removed: before.clusterIPs.filter((address) => !newIPs.has(address)),
      added: after.clusterIPs.filter((address) => !oldIPs.has(address)),
    },
    sections: sectionsChange(before, after),
  };
}

/** The sections of `after` that are others than those of `before`. */
export function sectionsChange(before: RulesetSections, after: RulesetSections): Partial<RulesetSections> {
  const names = ['mode', 'node', 'podCIDRs', 'localAddresses', 'nodePorts', 'serviceCIDRs'] as const;
  const changed = names.filter((name) => !isSameValue(before[name], after[name]));
  return Object.fromEntries(changed.map((name) => [name, after[name]]));
}
