import { type Pool, type RulesetChange, type ServicePort, servicePortKey } from '@shunt/compiler';

/**
 * Counts the service ports with endpoints of which none is on this node although their traffic policy is Local:
 * packets to them are dropped here. A port without endpoints anywhere does not count.
 */
export class NoLocalEndpoints {
  readonly #internal = new Set<string>();
  readonly #external = new Set<string>();

  get internal(): number {
    return this.#internal.size;
  }

  get external(): number {
    return this.#external.size;
  }

  take({ removed, added, replaced }: RulesetChange): void {
    for (const port of removed) this.#forget(port);
    for (const port of [...added, ...replaced.map(({ after }) => after)]) {
      this.#forget(port);
      if (!port.hasEndpoints || hasBackends(port.localPool)) continue;
      if (port.internalTrafficPolicy === 'Local') this.#internal.add(servicePortKey(port));
      if (port.externalTrafficPolicy === 'Local') this.#external.add(servicePortKey(port));
    }
  }

  #forget(port: ServicePort): void {
    const key = servicePortKey(port);
    this.#internal.delete(key);
    this.#external.delete(key);
  }
}

function hasBackends(pool: Pool | null): boolean {
  return pool !== null && pool.backends.length > 0;
}
