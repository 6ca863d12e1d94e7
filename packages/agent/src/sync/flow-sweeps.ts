import { ChangePlanner, type RulesetUpdate, type ServicePort, servicePortKey } from '@shunt/compiler';

/** The UDP service ports whose flows are still to be looked at, whatever fails in between. */
export class FlowSweeps {
  readonly #planner = new ChangePlanner();
  readonly #due = new Map<string, ServicePort>();

  /** @param update - each one that the compiler gives, in order */
  plan(update: RulesetUpdate): void {
    for (const port of update.removed) this.#due.delete(servicePortKey(port));
    for (const { after } of update.replaced) {
      // A sweep that has not happened yet is one by the endpoints of now.
      const key = servicePortKey(after);
      if (this.#due.has(key)) this.#due.set(key, after);
    }
    for (const port of this.#planner.plan(update).sweep) this.#due.set(servicePortKey(port), port);
  }

  /** The ports as they are by the last update. */
  due(): readonly ServicePort[] {
    return [...this.#due.values()];
  }

  /** They have been looked at. */
  done(): void {
    this.#due.clear();
  }
}
