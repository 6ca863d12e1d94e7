import { TRIGGER_TIME_ANNOTATION } from '@shunt/cluster';
import type { ChangeEvent, KubernetesObject } from '@shunt/model';

/** What happened since the rules were last written. */
export interface PendingChanges {
  readonly events: readonly ChangeEvent[];
  readonly serviceChanges: number;
  readonly endpointChanges: number;
  /** When endpoints changed that slices name as the reason of theirs: milliseconds since 1970. */
  readonly triggerTimes: readonly number[];
}

/** Collects the events of a cluster state. */
export class PendingChangesList {
  readonly #start: number;
  #events: ChangeEvent[] = [];
  #serviceChanges = 0;
  #endpointChanges = 0;
  #triggerTimes: number[] = [];

  /** @param start - when the agent began: what happened before says nothing of how fast it is */
  constructor(start: number) {
    this.#start = start;
  }

  get serviceChanges(): number {
    return this.#serviceChanges;
  }

  get endpointChanges(): number {
    return this.#endpointChanges;
  }

  add(event: ChangeEvent): void {
    this.#events.push(event);
    const { kind } = event.type === 'deleted' ? event.previous : event.object;
    if (kind === 'Service') this.#serviceChanges++;
    if (kind !== 'EndpointSlice') return;
    this.#endpointChanges++;
    const time = triggerTimeOf(event);
    if (time !== null && time >= this.#start) this.#triggerTimes.push(time);
  }

  /** All that was added, and forgets it. */
  take(): PendingChanges {
    const taken = {
      events: this.#events,
      serviceChanges: this.#serviceChanges,
      endpointChanges: this.#endpointChanges,
      triggerTimes: this.#triggerTimes,
    };
    this.#events = [];
    this.#serviceChanges = 0;
    this.#endpointChanges = 0;
    this.#triggerTimes = [];
    return taken;
  }
}

/** The time that a slice's new annotation names; `null`: none, or one that it had before. */
function triggerTimeOf(event: ChangeEvent): number | null {
  if (event.type === 'deleted') return null;
  const written = annotationOf(event.object);
  if (written === undefined) return null;
  if (event.type === 'modified' && annotationOf(event.previous) === written) return null;
  const time = Date.parse(written);
  return Number.isNaN(time) ? null : time;
}

function annotationOf({ metadata }: KubernetesObject): string | undefined {
  return metadata.annotations?.[TRIGGER_TIME_ANNOTATION];
}
