import { namespaceOf, type Pod, type Service } from '@shunt/model';
import { matchesLabels, selectorOf, selectsPods } from '../endpoints/selector.js';

type Labels = Readonly<Record<string, string>>;

interface Selecting {
  readonly key: string;
  readonly namespace: string;
  readonly selector: Labels;
  /** The pair of the selector that it is filed under. */
  readonly pair: string;
  /** By name. */
  readonly pods: Map<string, Pod>;
}

const NO_PODS: ReadonlyMap<string, Pod> = new Map();
const NO_KEYS: ReadonlySet<string> = new Set();

/** More new Services than this are matched in one pass over all Pods instead of one pass each. */
const FEW = 4;

/**
 * Which Pods belong to which Services, kept up with their changes. A Service is filed under that pair of
 * its selector that the fewest others are filed under, so that a Pod finds its Services by its labels.
 */
export class PodIndex {
  readonly #byNamespace = new Map<string, Map<string, Pod>>();
  readonly #byNode = new Map<string, Set<string>>();
  readonly #services = new Map<string, Selecting>();
  readonly #byPair = new Map<string, Map<string, Set<Selecting>>>();
  /** Filed, but not matched with the Pods that are here already. */
  readonly #unmatched = new Set<Selecting>();

  /** Notes a Service, or that there is none of that key any more. */
  setService(key: string, service: Service | undefined): void {
    const before = this.#services.get(key);
    const selector = service !== undefined && selectsPods(service) ? selectorOf(service) : null;
    if (before !== undefined && selector !== null && sameLabels(before.selector, selector)) return;
    if (before !== undefined) this.#remove(before);
    if (service === undefined || selector === null) return;
    const namespace = namespaceOf(service);
    const pairs = this.#pairsOf(namespace);
    const sizeOf = (pair: string): number => pairs.get(pair)?.size ?? 0;
    const [pair = ''] = pairsOf(selector).sort((a, b) => sizeOf(a) - sizeOf(b) || (a < b ? -1 : 1));
    const selecting: Selecting = { key, namespace, selector, pair, pods: new Map() };
    this.#services.set(key, selecting);
    getOrAdd(pairs, pair, () => new Set<Selecting>()).add(selecting);
    this.#unmatched.add(selecting);
  }

  /** Replaces a Pod by its next state; either may be missing. */
  setPod(previous: Pod | undefined, pod: Pod | undefined): void {
    if (previous !== undefined) this.#removePod(previous);
    if (pod === undefined) return;
    const namespace = namespaceOf(pod);
    const { name } = pod.metadata;
    getOrAdd(this.#byNamespace, namespace, () => new Map<string, Pod>()).set(name, pod);
    const node = pod.spec?.nodeName;
    if (node) getOrAdd(this.#byNode, node, () => new Set<string>()).add(`${namespace}/${name}`);
    for (const selecting of this.#selectingOf(pod)) selecting.pods.set(name, pod);
  }

  /** The Pods that a Service selects, by name; empty for one that selects none. */
  podsOf(key: string): ReadonlyMap<string, Pod> {
    this.#matchAll();
    return this.#services.get(key)?.pods ?? NO_PODS;
  }

  podsIn(namespace: string): ReadonlyMap<string, Pod> {
    return this.#byNamespace.get(namespace) ?? NO_PODS;
  }

  *podsOutside(namespace: string): Generator<Pod> {
    for (const [name, pods] of this.#byNamespace) if (name !== namespace) yield* pods.values();
  }

  /** The keys of the Services that select a Pod, as it is written there. */
  servicesOf(pod: Pod): string[] {
    return [...this.#selectingOf(pod)].map(({ key }) => key);
  }

  /** The keys of the Services that select a Pod on a node. */
  servicesOn(node: string): Set<string> {
    const keys = new Set<string>();
    for (const key of this.#byNode.get(node) ?? NO_KEYS) {
      const slash = key.indexOf('/');
      const pod = this.#byNamespace.get(key.slice(0, slash))?.get(key.slice(slash + 1));
      if (pod !== undefined) for (const service of this.servicesOf(pod)) keys.add(service);
    }
    return keys;
  }

  get hasPods(): boolean {
    return this.#byNamespace.size > 0;
  }

  #remove(selecting: Selecting): void {
    this.#services.delete(selecting.key);
    this.#unmatched.delete(selecting);
    const pairs = this.#pairsOf(selecting.namespace);
    const filed = pairs.get(selecting.pair);
    filed?.delete(selecting);
    if (filed?.size === 0) pairs.delete(selecting.pair);
  }

  #removePod(pod: Pod): void {
    const namespace = namespaceOf(pod);
    const { name } = pod.metadata;
    const pods = this.#byNamespace.get(namespace);
    pods?.delete(name);
    if (pods?.size === 0) this.#byNamespace.delete(namespace);
    const node = pod.spec?.nodeName;
    if (node) {
      const keys = this.#byNode.get(node);
      keys?.delete(`${namespace}/${name}`);
      if (keys?.size === 0) this.#byNode.delete(node);
    }
    for (const selecting of this.#selectingOf(pod)) selecting.pods.delete(name);
  }

  *#selectingOf(pod: Pod): Generator<Selecting> {
    const pairs = this.#byPair.get(namespaceOf(pod));
    const { labels } = pod.metadata;
    if (pairs === undefined || labels === undefined) return;
    for (const label in labels) {
      const filed = pairs.get(pairText(label, labels[label] as string));
      if (filed === undefined) continue;
      for (const selecting of filed) if (matchesLabels(selecting.selector, labels)) yield selecting;
    }
  }

  #matchAll(): void {
    const unmatched = this.#unmatched;
    if (unmatched.size === 0) return;
    if (unmatched.size <= FEW) {
      for (const { namespace, selector, pods } of unmatched) {
        for (const [name, pod] of this.podsIn(namespace)) {
          if (matchesLabels(selector, pod.metadata.labels)) pods.set(name, pod);
        }
      }
    } else {
      for (const pods of this.#byNamespace.values()) {
        for (const [name, pod] of pods) {
          for (const selecting of this.#selectingOf(pod)) {
            if (unmatched.has(selecting)) selecting.pods.set(name, pod);
          }
        }
      }
    }
    unmatched.clear();
  }

  #pairsOf(namespace: string): Map<string, Set<Selecting>> {
    return getOrAdd(this.#byPair, namespace, () => new Map<string, Set<Selecting>>());
  }
}

// No label holds an equals sign, so the text is unambiguous.
function pairText(key: string, value: string): string {
  return `${key}=${value}`;
}

function pairsOf(selector: Labels): string[] {
  return Object.entries(selector).map(([key, value]) => pairText(key, value));
}

function sameLabels(a: Labels, b: Labels): boolean {
  return matchesLabels(a, b) && matchesLabels(b, a);
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
