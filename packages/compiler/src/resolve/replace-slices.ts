/** Sorted lists of endpoints in which those of some slices take the place of those of others. */
import type { EndpointSlice } from '@shunt/model';
import { byKeyAndPlace, type Endpoint, isAlike } from './endpoint.js';
import type { EndpointLists } from './endpoints.js';
import { slicePortKeySet } from './slice-ports.js';

/** A list as it is then. */
export interface ChangedList {
  readonly attached: readonly Endpoint[];
  /** Whether two in it may be alike. */
  readonly mayHaveAlike: boolean;
}

/**
 * Replaces slices in one list after the other: those of all ports of a Service. Mostly these are alike but for the
 * port, so that what goes and what comes is looked for where it was in the list before.
 */
export class SliceReplacement {
  /** `null`: several. */
  readonly #only: EndpointSlice | undefined;
  readonly #gone: ReadonlySet<EndpointSlice> | null;
  /** Whether all lists have as many endpoints that go: then those found in the right places are all. */
  readonly #areAsMany: boolean;
  /** Of the list before: where those are that go, if it had any, and where those went that came. */
  #gonePlaces: readonly number[] | null = null;
  readonly #comePlaces: number[] = [];

  /** @param gone - slices whose endpoints go */
  constructor(gone: readonly EndpointSlice[]) {
    this.#only = gone[0];
    this.#gone = gone.length > 1 ? new Set(gone) : null;
    this.#areAsMany = this.#only !== undefined && this.#gone === null && hasOtherKeysOnly(this.#only);
  }

  /**
   * A list without what the slices hold, and with other sorted endpoints.
   * @param isIn - whether the slices have the port
   */
  replace(
    { attached: held, distinct }: EndpointLists,
    come: readonly Endpoint[],
    isIn: boolean,
  ): ChangedList {
    const gonePlaces = isIn ? this.#findGone(held) : NO_PLACES;
    const replaced = new Array<Endpoint>(held.length - gonePlaces.length + come.length);
    // Where none were alike, they can be only where one has come.
    let mayHaveAlike = held !== distinct;
    let length = 0;
    let next = 0;
    let gone = 0;
    for (let index = 0; index <= come.length; index++) {
      const endpoint = come[index];
      const end = endpoint === undefined ? held.length : this.#placeFor(endpoint, index, held, next);
      const from = length;
      for (; next < end; next++) {
        if (next === gonePlaces[gone]) gone++;
        else replaced[length++] = held[next] as Endpoint;
      }
      mayHaveAlike ||= from > 0 && from < length && isAlike(replaced[from] as Endpoint, replaced[from - 1]);
      if (endpoint === undefined) break;
      mayHaveAlike ||= length > 0 && isAlike(endpoint, replaced[length - 1]);
      replaced[length++] = endpoint;
    }
    return { attached: replaced, mayHaveAlike };
  }

  /** Where in a list those are that go, ascending. */
  #findGone(held: readonly Endpoint[]): readonly number[] {
    if (this.#only === undefined) return NO_PLACES;
    const guess = this.#gonePlaces;
    if (guess?.every((place) => held[place]?.slice === this.#only)) return guess;
    const places: number[] = [];
    for (let place = 0; place < held.length; place++) {
      const { slice } = held[place] as Endpoint;
      if (this.#gone === null ? slice === this.#only : this.#gone.has(slice)) places.push(place);
    }
    if (this.#areAsMany) this.#gonePlaces = places;
    return places;
  }

  /** How many of the sorted list come before an endpoint; at least `from`. */
  #placeFor(endpoint: Endpoint, index: number, sorted: readonly Endpoint[], from: number): number {
    const guess = this.#comePlaces[index] ?? -1;
    const isRight =
      guess >= from &&
      guess <= sorted.length &&
      (guess === from || byKeyAndPlace(sorted[guess - 1] as Endpoint, endpoint) < 0) &&
      (guess === sorted.length || byKeyAndPlace(sorted[guess] as Endpoint, endpoint) >= 0);
    if (isRight) return guess;
    let low = from;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byKeyAndPlace(sorted[middle] as Endpoint, endpoint) < 0) low = middle + 1;
      else high = middle;
    }
    this.#comePlaces[index] = low;
    return low;
  }
}

const NO_PLACES: readonly number[] = [];

/** Whether no two ports of a slice are of one key. */
function hasOtherKeysOnly(slice: EndpointSlice): boolean {
  return slicePortKeySet(slice).size === (slice.ports?.length ?? 0);
}
