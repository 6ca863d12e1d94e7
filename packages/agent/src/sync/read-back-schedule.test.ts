import { ReadBackError } from '@shunt/kernel';
import { expect, it } from 'vitest';
import { ReadBackSchedule } from './read-back-schedule.js';
import type { SyncReport } from './syncer.js';

const report = (written: number, more: Partial<SyncReport> = {}): SyncReport => ({
  changes: [],
  driver: null,
  loaded: false,
  written,
  readBack: 'all',
  readBackProblem: null,
  drift: [],
  deletedFlows: null,
  flowProblem: null,
  ...more,
});
const DRIFT: SyncReport['drift'] = [{ servicePort: null, kind: 'missing', what: 'table ip shunt' }];

/** When all rules are read next, if it is looked at as often as the schedule says. */
function nextVerify(schedule: ReadBackSchedule, now: number): number {
  let at = now;
  do at += schedule.wait(at);
  while (schedule.reason(at) !== 'verify');
  return at;
}

it.each([true, false])(
  'a read-back waits for twenty times what the last one took (cheap looks: %s)',
  (canGlance) => {
    const schedule = new ReadBackSchedule(10_000, canGlance, 0);
    expect(nextVerify(schedule, 0)).toBe(10_000);
    schedule.ended(report(10_000), 12_000);
    expect(schedule.wait(12_000)).toBe(canGlance ? 10_000 : 40_000);
    expect(nextVerify(schedule, 12_000)).toBe(52_000);
  },
);

it('what mends rules does not count', () => {
  const schedule = new ReadBackSchedule(10_000, true, 0);
  schedule.ended(report(10_000, { drift: DRIFT }), 40_000);
  expect(nextVerify(schedule, 40_000)).toBe(50_000);
  schedule.ended(report(50_000), 51_000);
  schedule.ended(report(71_000, { drift: DRIFT }), 90_000);
  expect(nextVerify(schedule, 90_000)).toBe(110_000);
});

it('a cheap look, and a sync without any, puts nothing off', () => {
  const schedule = new ReadBackSchedule(10_000, true, 0);
  schedule.ended(report(10_000), 12_000);
  schedule.ended(report(20_000, { readBack: 'glance', drift: DRIFT }), 49_000);
  schedule.ended(report(50_000, { readBack: 'nothing' }), 51_000);
  expect(nextVerify(schedule, 51_000)).toBe(52_000);
});

it('after failures in a row the pause grows to twenty times what they take', () => {
  const schedule = new ReadBackSchedule(10_000, true, 0);
  const readBackProblem = new ReadBackError('no');
  const pauses: number[] = [];
  for (let now = 10_000; pauses.length < 4; ) {
    schedule.ended(report(now, { readBackProblem }), now + 20_000);
    const next = nextVerify(schedule, now + 20_000);
    pauses.push(next - now - 20_000);
    now = next;
  }
  expect(pauses).toEqual([100_000, 200_000, 400_000, 400_000]);
});
