/** Cases of one range of cluster IPs or node ports alone. */
import { IpRange, PortRange, type RandomSource, seededRandom } from '@shunt/cluster';
import { formatAddress, parseAddress } from '@shunt/model';
import type { AllocationCase, AllocationStep, PoolExpectation } from './allocation-case.js';
import type { Check } from './case-kind.js';
import { differenceOf } from './compare.js';

const OWNER = 'Service default/a';
const OTHER_OWNER = 'Service default/other';

type Value = string | number;

/** What both kinds of range can do, in the words of the cases. */
interface Pool {
  readonly kind: string;
  /** @returns the reason why not, or `null` */
  allocate(value: Value, owner: string, dryRun: boolean): string | null;
  allocateNext(
    random: RandomSource,
    dryRun: boolean,
  ): { readonly value: Value } | { readonly reason: string };
  release(value: Value): void;
  setReady(ready: boolean): void;
  /** Whether a value is one of an interval, both ends included. */
  isWithin(value: Value, first: Value, last: Value): boolean;
  /** Everything that a case may ask of a range. */
  facts(): Readonly<Record<string, unknown>>;
}

/** What a step did: values it got, and the reason why it got no more. */
interface Outcome {
  readonly values: readonly Value[];
  readonly reason: string | null;
}

export function runPoolCase(poolCase: AllocationCase): readonly Check[] {
  const { kind, cidr = '', portRange = '', steps, expect = {} } = poolCase;
  const pool = kind === 'ipRange' ? openIpRange(cidr) : openPortRange(portRange);
  if (typeof pool === 'string') return [openingCheck(poolCase, pool)];
  const random = seededRandom(1, poolCase.name);
  const checks = steps.flatMap((step, i) => {
    const outcome = runStep(pool, step, random);
    return checkPool(`step ${i}`, step.expect ?? {}, pool, outcome);
  });
  return [...checks, ...checkPool('expect', expect, pool, { values: [], reason: null })];
}

/** A range that cannot be had fails the first step, or the case. */
function openingCheck({ steps, expect }: AllocationCase, problem: string): Check {
  const expected = steps[0]?.expect?.error ?? expect?.error ?? 'no error';
  const difference = problem.includes(expected) ? null : `expected ${expected}\ngot      ${problem}`;
  return { what: 'open', difference };
}

function runStep(pool: Pool, step: AllocationStep, random: RandomSource): Outcome {
  const { dryRun = false, times = 1, value = true } = step;
  const asked = step.ip ?? step.port ?? '';
  if (step.do === 'setReady') pool.setReady(value);
  if (step.do === 'release') pool.release(asked);
  if (step.do === 'allocate') return { values: [], reason: pool.allocate(asked, OWNER, dryRun) };
  if (step.do === 'hold') {
    const held = [...(step.ips ?? []), ...(step.ports ?? [])];
    return {
      values: [],
      reason: held.map((it) => pool.allocate(it, OTHER_OWNER, false)).find(Boolean) ?? null,
    };
  }
  const values: Value[] = [];
  for (let i = 0; step.do === 'allocateNext' && i < times; i++) {
    const next = pool.allocateNext(random, dryRun);
    if ('reason' in next) return { values, reason: next.reason };
    values.push(next.value);
  }
  return { values, reason: null };
}

function checkPool(
  what: string,
  expect: PoolExpectation,
  { kind, ...pool }: Pool,
  { values, reason }: Outcome,
): Check[] {
  const { error, distinct, allIn, ip, port, ...facts } = expect;
  const checks: Check[] = [{ what: `${what} error`, difference: differenceOf(error ?? null, reason) }];
  const [first = '', last = ''] = allIn ?? [];
  const outside = allIn === undefined ? [] : values.filter((it) => !pool.isWithin(it, first, last));
  checks.push({ what: `${what} allIn`, difference: differenceOf([], outside) });
  if (distinct !== undefined) {
    checks.push({ what: `${what} distinct`, difference: differenceOf(distinct, isDistinct(values)) });
  }
  const wanted = ip ?? port;
  if (wanted !== undefined) {
    checks.push({ what: `${what} value`, difference: differenceOf([wanted], values) });
  }
  const actual = pool.facts();
  for (const [name, expected] of Object.entries(facts)) {
    // Counts that fit no double are written as strings.
    const [one, other] = [expected, actual[name] ?? []].map((it) => (Array.isArray(it) ? it : String(it)));
    const difference =
      name in actual ? differenceOf(one, other) : `expected nothing: a ${kind} case has none`;
    checks.push({ what: `${what} ${name}`, difference });
  }
  return checks;
}

function isDistinct(values: readonly Value[]): boolean {
  return new Set(values).size === values.length;
}

function openIpRange(cidr: string): Pool | string {
  const { range, problem } = IpRange.open(cidr);
  if (range === null) return problem;
  const address = (value: Value) => parseAddress(String(value)) ?? range.cidr.base;
  const text = (it: ReturnType<typeof address> | null) => (it === null ? null : formatAddress(it));
  return {
    kind: 'ipRange',
    allocate: (value, owner, dryRun) => range.allocate(address(value), owner, dryRun)?.reason ?? null,
    allocateNext: (random, dryRun) => {
      const next = range.allocateNext(OWNER, random, dryRun);
      return next.error === null ? { value: formatAddress(next.value) } : { reason: next.error.reason };
    },
    release: (value) => void range.release(address(value)),
    setReady: (ready) => range.setReady(ready),
    isWithin: (value, first, last) => address(value) >= address(first) && address(value) <= address(last),
    facts: () => ({
      usable: range.usable,
      free: range.free,
      used: range.used,
      staticBandSize: range.staticBandSize,
      first: text(range.first),
      last: text(range.last),
      staticBand: range.staticBand?.map(text),
      dynamicBand: range.dynamicBand?.map(text),
    }),
  };
}

function openPortRange(portRange: string): Pool | string {
  const { range, problem } = PortRange.parse(portRange);
  if (range === null) return problem;
  return {
    kind: 'portRange',
    allocate: (value, owner) => range.allocate(Number(value), owner)?.reason ?? null,
    allocateNext: (random) => {
      const next = range.allocateNext(OWNER, random);
      return next.error === null ? { value: next.value } : { reason: next.error.reason };
    },
    release: (value) => void range.release(Number(value)),
    setReady: () => {},
    isWithin: (value, first, last) => value >= first && value <= last,
    facts: () => ({
      size: range.size,
      free: range.free,
      used: range.used,
      staticBandSize: range.staticBandSize,
      first: range.first,
      last: range.last,
      staticBand: range.staticBand,
      dynamicBand: range.dynamicBand,
    }),
  };
}
