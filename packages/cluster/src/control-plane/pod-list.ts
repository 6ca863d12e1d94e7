import type { ReadPod } from '../endpoints/read-pod.js';

/** Pods of one namespace in the order of their names. Sorted when it is read, so that filling it is cheap. */
export class PodList {
  readonly #pods: ReadPod[] = [];
  #isSorted = true;

  /** Adds a Pod whose name is not in the list. */
  add(read: ReadPod): void {
    const last = this.#pods.at(-1);
    if (last !== undefined && byName(last, read) > 0) this.#isSorted = false;
    this.#pods.push(read);
  }

  /** Puts a Pod in the place of the one of its name. */
  replace(read: ReadPod): void {
    this.#pods[this.#placeOf(read.pod.metadata.name)] = read;
  }

  /** Takes a Pod out that is in the list. */
  remove(name: string): void {
    this.#pods.splice(this.#placeOf(name), 1);
  }

  /** Changes with the list. */
  get pods(): readonly ReadPod[] {
    if (!this.#isSorted) this.#pods.sort(byName);
    this.#isSorted = true;
    return this.#pods;
  }

  #placeOf(name: string): number {
    const { pods } = this;
    let [low, high] = [0, pods.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((pods[middle] as ReadPod).pod.metadata.name < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function byName({ pod: { metadata: a } }: ReadPod, { pod: { metadata: b } }: ReadPod): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
