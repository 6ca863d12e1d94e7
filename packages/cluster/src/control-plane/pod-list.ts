import type { Pod } from '@shunt/model';

/** Pods of one namespace in the order of their names. Sorted when it is read, so that filling it is cheap. */
export class PodList {
  readonly #pods: Pod[] = [];
  #isSorted = true;

  /** Adds a Pod whose name is not in the list. */
  add(pod: Pod): void {
    const last = this.#pods.at(-1);
    if (last !== undefined && last.metadata.name > pod.metadata.name) this.#isSorted = false;
    this.#pods.push(pod);
  }

  /** Puts a Pod in the place of the one of its name. */
  replace(pod: Pod): void {
    this.#pods[this.#placeOf(pod)] = pod;
  }

  /** Takes the Pod of this one's name out. */
  remove(pod: Pod): void {
    this.#pods.splice(this.#placeOf(pod), 1);
  }

  /** Changes with the list. */
  get pods(): readonly Pod[] {
    if (!this.#isSorted) this.#pods.sort(byName);
    this.#isSorted = true;
    return this.#pods;
  }

  #placeOf({ metadata: { name } }: Pod): number {
    const { pods } = this;
    let [low, high] = [0, pods.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((pods[middle] as Pod).metadata.name < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function byName({ metadata: a }: Pod, { metadata: b }: Pod): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
