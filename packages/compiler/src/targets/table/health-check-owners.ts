import type { ServicePort } from '../../ruleset/types.js';

/**
 * The health-check port of a Service, which each of its service ports has. Only one of their lines can be
 * found; when its service port goes, another's has to take its place.
 */
export class HealthCheckOwners {
  /** The keys of the service ports that have each, by family and port. */
  readonly #owners = new Map<string, Set<string>>();
  readonly #orphans = new Set<string>();

  /** A service port whose lines are new. */
  add(key: string, servicePort: ServicePort): void {
    for (const place of healthCheckPlaces(servicePort)) {
      const owners = this.#owners.get(place) ?? new Set();
      this.#owners.set(place, owners.add(key));
      this.#orphans.delete(place);
    }
  }

  /** A service port whose lines go. */
  remove(key: string, servicePort: ServicePort): void {
    for (const place of healthCheckPlaces(servicePort)) {
      const owners = this.#owners.get(place);
      owners?.delete(key);
      if (owners?.size === 0) this.#owners.delete(place);
      this.#orphans.add(place);
    }
  }

  /** A service port for each health-check port that one of its service ports has left. */
  takeOrphans(): string[] {
    const keys: string[] = [];
    for (const place of this.#orphans) keys.push(...[...(this.#owners.get(place) ?? [])].slice(0, 1));
    this.#orphans.clear();
    return keys;
  }
}

const NO_PLACES: readonly string[] = [];

function healthCheckPlaces({ family, frontends }: ServicePort): readonly string[] {
  let places: string[] | null = null;
  for (const { kind, port } of frontends) {
    if (kind === 'healthCheckNodePort') (places ??= []).push(`${family} ${port}`);
  }
  return places ?? NO_PLACES;
}
