import type { Strategy } from '../ruleset/types.js';
import type { Balancer } from './balancer.js';
import { even } from './even.js';
import { jump } from './jump.js';
import { maglev } from './maglev.js';
import { random } from './random.js';
import { rendezvous } from './rendezvous.js';
import { ring } from './ring.js';

/** Every strategy. A new one is a file, a line here and a name in the type {@link Strategy}. */
export const BALANCERS: Readonly<Record<Strategy, Balancer>> = {
  even,
  maglev,
  random,
  rendezvous,
  ring,
  jump,
};

/** The names of all strategies. */
export const STRATEGIES = Object.keys(BALANCERS) as readonly Strategy[];
