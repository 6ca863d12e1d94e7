import { formatEndpoint } from '@shunt/model';
import { below, type Random } from '../workload/random.js';

/** The sources of new flows, in the forms that balancers take. */
export interface FlowKeys {
  readonly sources: Uint32Array;
  readonly sourcePorts: Uint32Array;
  /** `ip:port`, made before: libraries that hash text are not charged for it. */
  readonly texts: readonly string[];
}

/** Draws `count` sources. */
export function generateFlowKeys(random: Random, count: number): FlowKeys {
  const sources = Uint32Array.from({ length: count }, () => random());
  const sourcePorts = Uint32Array.from({ length: count }, () => 1_024 + below(random, 64_512));
  const texts = Array.from(sources, (source, index) => formatEndpoint(source, sourcePorts[index] as number));
  return { sources, sourcePorts, texts };
}
