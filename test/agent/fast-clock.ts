import type { Clock } from '@shunt/agent';

/** A clock that runs faster than the machine's, so that waits of seconds take moments. */
export function fastClock(factor: number): Clock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) * factor,
    after(milliseconds, call) {
      const timer = setTimeout(call, milliseconds / factor);
      return () => clearTimeout(timer);
    },
  };
}
