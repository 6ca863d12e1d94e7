import { BoundedRunner, type RunOutcome, type RunReason, type RunTiming } from '@shunt/agent';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from './virtual-clock.js';

const TIMING: RunTiming = { minInterval: 1000, maxInterval: 60_000, retry: { first: 2000, longest: 10_000 } };

interface Run {
  readonly start: number;
  readonly reasons: readonly RunReason[];
}

function makeRunner(clock: VirtualClock, outcomeOf: (run: number) => RunOutcome, duration = 0) {
  const runs: Run[] = [];
  const runner = new BoundedRunner(clock, TIMING, async (reasons) => {
    runs.push({ start: clock.now(), reasons: [...reasons].sort() });
    const outcome = outcomeOf(runs.length - 1);
    if (duration > 0) await new Promise<void>((resolve) => void clock.after(duration, resolve));
    return outcome;
  });
  return { runs, runner };
}

describe('the runner', () => {
  it('does nothing until it is asked, then runs at once', async () => {
    const clock = new VirtualClock();
    const { runs, runner } = makeRunner(clock, () => 'done');
    await clock.advance(100_000);
    expect(runs).toEqual([]);
    runner.request('first');
    await clock.advance(0);
    expect(runs).toEqual([{ start: 100_000, reasons: ['first'] }]);
  });

  it('takes a burst together, and waits the least interval from the end of a run', async () => {
    const clock = new VirtualClock();
    const { runs, runner } = makeRunner(clock, () => 'done', 300);
    runner.request('first');
    for (let i = 0; i < 100; i++) {
      await clock.advance(10);
      runner.request('changes');
    }
    await clock.advance(5000);
    expect(runs.map(({ start }) => start)).toEqual([0, 1300]);
  });

  it('runs by itself after the longest interval, with a reason that says so', async () => {
    const clock = new VirtualClock();
    const { runs, runner } = makeRunner(clock, () => 'done');
    runner.request('first');
    await clock.advance(120_000);
    expect(runs.map(({ start, reasons: [reason] }) => [start, reason])).toEqual([
      [0, 'first'],
      [60_000, 'full'],
      [120_000, 'full'],
    ]);
  });

  it('retries with waits that double up to a limit, and a request comes sooner', async () => {
    const clock = new VirtualClock();
    const { runs, runner } = makeRunner(clock, (run) => (run < 6 ? 'failed' : 'done'));
    runner.request('first');
    await clock.advance(24_000);
    expect(runs.map(({ start }) => start)).toEqual([0, 2000, 6000, 14_000, 24_000]);
    runner.request('changes');
    await clock.advance(1000);
    expect(runs.at(-1)).toEqual({ start: 25_000, reasons: ['changes'] });
  });

  it('takes an exception for a failure', async () => {
    const clock = new VirtualClock();
    const { runs, runner } = makeRunner(clock, (run) => {
      if (run === 0) throw new Error('broken');
      return 'done';
    });
    runner.request('first');
    await clock.advance(2000);
    expect(runs.map(({ reasons }) => reasons)).toEqual([['first'], ['retry']]);
  });

  it('starts nothing once it is stopped, and stops when the run under way has ended', async () => {
    const clock = new VirtualClock();
    const { runs, runner } = makeRunner(clock, () => 'done', 500);
    runner.request('first');
    await clock.advance(0);
    let stopped = false;
    const stop = runner.stop().then(() => (stopped = true));
    runner.request('changes');
    await clock.advance(499);
    expect(stopped).toBe(false);
    await clock.advance(1);
    await stop;
    await clock.advance(200_000);
    expect(runs).toHaveLength(1);
    expect(clock.timerCount).toBe(0);
  });
});

/** What is done to the runner, and for how long the clock moves on behind it. */
interface Step {
  readonly requests: boolean;
  readonly wait: number;
}

const steps = fc.array(
  fc.record<Step>({
    requests: fc.boolean(),
    wait: fc.oneof(fc.constantFrom(0, 1, 999, 1000, 1001), fc.nat({ max: 4000 }), fc.nat({ max: 70_000 })),
  }),
  { maxLength: 40 },
);
const runsDo = fc.array(fc.record({ fails: fc.boolean(), takes: fc.constantFrom(0, 1, 700, 1000, 3500) }), {
  minLength: 1,
  maxLength: 20,
});

/** The rules as a table of what happens next: the plain way to say what the runner promises. */
class PlainRunner {
  readonly starts: number[] = [];
  #endsAt: number | null = null;
  #lastEnd: number | null = null;
  #wantedSince: number | null = null;
  #failures = 0;

  constructor(readonly runsDo: readonly { readonly fails: boolean; readonly takes: number }[]) {}

  request(now: number): void {
    this.#wantedSince ??= now;
  }

  /** Everything that happens until then, in order. */
  pass(until: number): void {
    for (;;) {
      if (this.#endsAt !== null) {
        if (this.#endsAt > until) return;
        const { fails } = this.#current(-1);
        this.#failures = fails ? this.#failures + 1 : 0;
        this.#lastEnd = this.#endsAt;
        this.#endsAt = null;
      }
      const start = this.#nextStart();
      if (start === null || start > until) return;
      this.#wantedSince = null;
      this.starts.push(start);
      this.#endsAt = start + this.#current(-1).takes;
    }
  }

  #nextStart(): number | null {
    const since = this.#wantedSince;
    if (this.#lastEnd === null) return since;
    const candidates = [this.#lastEnd + TIMING.maxInterval];
    if (since !== null) candidates.push(Math.max(since, this.#lastEnd + TIMING.minInterval));
    if (this.#failures > 0) {
      const { first, longest } = TIMING.retry;
      candidates.push(this.#lastEnd + Math.min(first * 2 ** (this.#failures - 1), longest));
    }
    return Math.min(...candidates);
  }

  #current(offset: number): { readonly fails: boolean; readonly takes: number } {
    const index = (this.starts.length + offset) % this.runsDo.length;
    return this.runsDo[index] as { fails: boolean; takes: number };
  }
}

it('starts its runs when the plain rules say, whatever is asked and however long runs take', async () => {
  await fc.assert(
    fc.asyncProperty(steps, runsDo, async (done, durations) => {
      const clock = new VirtualClock();
      const model = new PlainRunner(durations);
      const starts: number[] = [];
      let running = 0;
      const runner = new BoundedRunner(clock, TIMING, async () => {
        expect(++running).toBe(1);
        const { fails, takes } = durations[starts.length % durations.length] as (typeof durations)[0];
        starts.push(clock.now());
        if (takes > 0) await new Promise<void>((resolve) => void clock.after(takes, resolve));
        running--;
        return fails ? 'failed' : 'done';
      });
      for (const { requests, wait } of done) {
        if (requests) {
          runner.request('changes');
          model.request(clock.now());
        }
        await clock.advance(wait);
        model.pass(clock.now());
        expect(starts).toEqual(model.starts);
      }
      const stopped = runner.stop();
      await clock.advance(10_000);
      await stopped;
    }),
    { numRuns: 300 },
  );
});
