import type { ReadPod } from '../endpoints/read-pod.js';

type Order = (a: ReadPod, b: ReadPod) => number;

/** Pods of one namespace in an order that tells any two apart. Sorted when it is read, so that filling it is cheap. */
export class PodList {
  readonly #order: Order;
  readonly #pods: ReadPod[] = [];
  #isSorted = true;

  constructor(order: Order) {
    this.#order = order;
  }

  /** Adds a Pod whose name is not in the list. */
  add(read: ReadPod): void {
    const last = this.#pods.at(-1);
    if (last !== undefined && this.#order(last, read) > 0) this.#isSorted = false;
    this.#pods.push(read);
  }

  /** Takes a Pod out that is in the list. */
  remove(read: ReadPod): void {
    this.#pods.splice(this.#placeOf(read), 1);
  }

  /** Puts a Pod in the place of one that is in the list. */
  replace(previous: ReadPod, read: ReadPod): void {
    if (this.#order(previous, read) === 0) this.#pods[this.#placeOf(previous)] = read;
    else {
      this.remove(previous);
      this.add(read);
    }
  }

  /** Changes with the list. */
  get pods(): readonly ReadPod[] {
    if (!this.#isSorted) this.#pods.sort(this.#order);
    this.#isSorted = true;
    return this.#pods;
  }

  #placeOf(read: ReadPod): number {
    const { pods } = this;
    let [low, high] = [0, pods.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order(pods[middle] as ReadPod, read) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function byName({ pod: { metadata: a } }: ReadPod, { pod: { metadata: b } }: ReadPod): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** By the text of their first address, as Endpoints list them. */
function byAddress(a: ReadPod, b: ReadPod): number {
  const [own, other] = [a.firstAddress, b.firstAddress];
  return own < other ? -1 : own > other ? 1 : byName(a, b);
}

/** So few Pods are sorted faster than kept in a second list. */
const FEW = 32;

/** The Pods of a Service in the orders in which its controllers take them. */
export class SelectedPods {
  readonly #byName = new PodList(byName);
  #byAddress: PodList | null = null;

  get byName(): readonly ReadPod[] {
    return this.#byName.pods;
  }

  /** In the order of their first addresses; a few Pods in any order. */
  get byAddress(): readonly ReadPod[] {
    const { byName: pods } = this;
    if (pods.length <= FEW) return pods;
    if (this.#byAddress === null) {
      this.#byAddress = new PodList(byAddress);
      for (const read of pods) this.#byAddress.add(read);
    }
    return this.#byAddress.pods;
  }

  /**
   * @param previous - in the lists; `null`: none
   * @param read - in its place, of the same name; `null`: none
   */
  change(previous: ReadPod | null, read: ReadPod | null): void {
    for (const list of [this.#byName, this.#byAddress]) {
      if (list === null) continue;
      if (previous !== null && read !== null) list.replace(previous, read);
      else if (previous !== null) list.remove(previous);
      else if (read !== null) list.add(read);
    }
  }
}
