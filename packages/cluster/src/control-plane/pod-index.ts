import { namespaceOf, type Pod, type Service } from '@shunt/model';
import { ReadPod } from '../endpoints/read-pod.js';
import { matchesLabels, selectorOf, selectsPods } from '../endpoints/selector.js';
import { SelectedPods } from './pod-list.js';

type Labels = Readonly<Record<string, string>>;

interface Selecting {
  readonly key: string;
  readonly namespace: string;
  readonly selector: Labels;
  /** The pair of the selector that it is filed under. */
  readonly pair: Pair;
  readonly pods: SelectedPods;
}

type Pair = readonly [key: string, value: string];

/** Services of one namespace by the key, then the value, of the pair that they are filed under. */
type Files = Map<string, Map<string, Set<Selecting>>>;

const NO_PODS: readonly ReadPod[] = [];

/** More new Services than this are matched in one pass over all Pods instead of one pass each. */
const FEW = 4;

/**
 * Which Pods belong to which Services, kept up with their changes. A Service is filed under that pair of
 * its selector that the fewest others are filed under, so that a Pod finds its Services by its labels.
 */
export class PodIndex {
  readonly #byNamespace = new Map<string, Map<string, ReadPod>>();
  /** Made when a Node is first asked for that may have Pods: many clusters never change a Node. */
  #byNode: Map<string, Set<Pod>> | null = null;
  /** By the keys and values of labels; made for a key that is asked for, and forgotten when a Pod changes. */
  readonly #byLabel = new Map<string, Map<string, Pod[]>>();
  readonly #services = new Map<string, Selecting>();
  readonly #files = new Map<string, Files>();
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
    const files = getOrAdd(this.#files, namespace, (): Files => new Map());
    const pair = leastUsed(Object.entries(selector), files);
    const selecting: Selecting = { key, namespace, selector, pair, pods: new SelectedPods() };
    this.#services.set(key, selecting);
    const byValue = getOrAdd(files, pair[0], () => new Map<string, Set<Selecting>>());
    getOrAdd(byValue, pair[1], () => new Set<Selecting>()).add(selecting);
    this.#unmatched.add(selecting);
  }

  /**
   * Replaces a Pod by its next state; either may be missing.
   * @returns the keys of the Services that select it, before or now
   */
  setPod(previous: Pod | undefined, pod: Pod | undefined): readonly string[] {
    const before = previous === undefined ? [] : this.#selecting(previous);
    const after = pod === undefined ? [] : this.#selecting(pod);
    const known = previous && this.#byNamespace.get(namespaceOf(previous))?.get(previous.metadata.name);
    const read = this.#file(previous, pod);
    for (const selecting of new Set([...before, ...after])) {
      if (!this.#isMatched(selecting)) continue;
      const was = before.includes(selecting) ? (known ?? null) : null;
      selecting.pods.change(was, after.includes(selecting) ? read : null);
    }
    return [...before, ...after].map(({ key }) => key);
  }

  /** The Pods that a Service selects, in the order of their names; empty for one that selects none. */
  podsOf(key: string): readonly ReadPod[] {
    this.#matchAll();
    return this.#services.get(key)?.pods.byName ?? NO_PODS;
  }

  /** The same in the order of their first addresses, unless they are few. */
  podsByAddress(key: string): readonly ReadPod[] {
    this.#matchAll();
    return this.#services.get(key)?.pods.byAddress ?? NO_PODS;
  }

  *podsIn(namespace: string): Generator<Pod> {
    for (const { pod } of this.#byNamespace.get(namespace)?.values() ?? NO_PODS) yield pod;
  }

  /** The Pods of other namespaces that have all pairs of a selector. */
  matchingOutside(namespace: string, selector: Labels): Pod[] {
    let fewest: readonly Pod[] | null = null;
    for (const [key, value] of Object.entries(selector)) {
      const pods = getOrAdd(this.#byLabel, key, () => this.#podsByValue(key)).get(value) ?? [];
      if (fewest === null || pods.length < fewest.length) fewest = pods;
    }
    return (fewest ?? []).filter(
      (pod) => namespaceOf(pod) !== namespace && matchesLabels(selector, pod.metadata.labels),
    );
  }

  /** The keys of the Services that select a Pod on a node. */
  servicesOn(node: string): Set<string> {
    const keys = new Set<string>();
    if (this.#byNamespace.size === 0) return keys;
    this.#byNode ??= this.#podsByNode();
    for (const pod of this.#byNode.get(node) ?? []) {
      for (const { key } of this.#selecting(pod)) keys.add(key);
    }
    return keys;
  }

  #remove(selecting: Selecting): void {
    this.#services.delete(selecting.key);
    this.#unmatched.delete(selecting);
    const [key, value] = selecting.pair;
    const byValue = this.#files.get(selecting.namespace)?.get(key);
    const filed = byValue?.get(value);
    filed?.delete(selecting);
    if (filed?.size === 0) byValue?.delete(value);
  }

  #file(previous: Pod | undefined, pod: Pod | undefined): ReadPod | null {
    if (this.#byNode !== null) {
      if (previous?.spec?.nodeName) this.#byNode.get(previous.spec.nodeName)?.delete(previous);
      if (pod !== undefined) fileByNode(pod, this.#byNode);
    }
    if (this.#byLabel.size > 0) this.#byLabel.clear();
    const either = (pod ?? previous) as Pod;
    const pods = getOrAdd(this.#byNamespace, namespaceOf(either), () => new Map<string, ReadPod>());
    if (pod === undefined) {
      pods.delete(either.metadata.name);
      return null;
    }
    const read = new ReadPod(pod);
    pods.set(pod.metadata.name, read);
    return read;
  }

  #podsByNode(): Map<string, Set<Pod>> {
    const byNode = new Map<string, Set<Pod>>();
    for (const pod of this.#allPods()) fileByNode(pod, byNode);
    return byNode;
  }

  #podsByValue(key: string): Map<string, Pod[]> {
    const byValue = new Map<string, Pod[]>();
    for (const pod of this.#allPods()) {
      const value = pod.metadata.labels?.[key];
      if (value !== undefined) getOrAdd(byValue, value, (): Pod[] => []).push(pod);
    }
    return byValue;
  }

  *#allPods(): Generator<Pod> {
    for (const namespace of this.#byNamespace.keys()) yield* this.podsIn(namespace);
  }

  #isMatched(selecting: Selecting): boolean {
    return this.#unmatched.size === 0 || !this.#unmatched.has(selecting);
  }

  #selecting(pod: Pod): Selecting[] {
    const found: Selecting[] = [];
    const files = this.#files.get(namespaceOf(pod));
    const { labels } = pod.metadata;
    if (files === undefined || labels === undefined) return found;
    for (const label in labels) {
      const filed = files.get(label)?.get(labels[label] as string);
      if (filed === undefined) continue;
      for (const selecting of filed) if (matchesLabels(selecting.selector, labels)) found.push(selecting);
    }
    return found;
  }

  #matchAll(): void {
    const unmatched = this.#unmatched;
    if (unmatched.size === 0) return;
    if (unmatched.size <= FEW) {
      for (const { namespace, selector, pods } of unmatched) {
        for (const read of this.#byNamespace.get(namespace)?.values() ?? NO_PODS) {
          if (matchesLabels(selector, read.pod.metadata.labels)) pods.change(null, read);
        }
      }
    } else {
      for (const pods of this.#byNamespace.values()) {
        for (const read of pods.values()) {
          for (const it of this.#selecting(read.pod)) if (unmatched.has(it)) it.pods.change(null, read);
        }
      }
    }
    unmatched.clear();
  }
}

/** The pair under which the fewest are filed, of those the first in order. */
function leastUsed(pairs: readonly Pair[], files: Files): Pair {
  const sizeOf = ([key, value]: Pair): number => files.get(key)?.get(value)?.size ?? 0;
  const [least = ['', '']] = pairs.toSorted((a, b) => sizeOf(a) - sizeOf(b) || (a[0] < b[0] ? -1 : 1));
  return least;
}

function fileByNode(pod: Pod, byNode: Map<string, Set<Pod>>): void {
  if (pod.spec?.nodeName) getOrAdd(byNode, pod.spec.nodeName, () => new Set<Pod>()).add(pod);
}

function sameLabels(a: Labels, b: Labels): boolean {
  return matchesLabels(a, b) && matchesLabels(b, a);
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
