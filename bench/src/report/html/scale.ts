import type { Axis } from './plot.js';

/** From the numbers of an axis to shares of its length, 0 to 1, with the numbers to write beside it. */
export interface Scale {
  readonly ticks: readonly number[];
  /** 0 to 1 for the numbers that it was made for. */
  place(value: number): number;
}

const TICKS_WANTED = 5;

/**
 * Fits a scale to numbers. A linear one begins at zero, so that lengths can be compared; a logarithmic
 * one ends at powers of ten, or at the numbers themselves where they are within one.
 */
export function fitScale({ scale, names }: Pick<Axis, 'scale' | 'names'>, values: readonly number[]): Scale {
  if (names !== undefined) return namedScale(names.length);
  const positive = scale === 'log' ? values.filter((value) => value > 0) : values;
  return scale === 'log' ? logScale(positive) : linearScale(positive);
}

function namedScale(count: number): Scale {
  const span = Math.max(count - 1, 1);
  return { ticks: Array.from({ length: count }, (_, index) => index), place: (value) => value / span };
}

function linearScale(values: readonly number[]): Scale {
  const most = Math.max(0, ...values);
  const step = roundStep(most / TICKS_WANTED);
  const end = Math.max(step, Math.ceil(most / step - 1e-9) * step);
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, index) => index * step);
  return { ticks, place: (value) => value / end };
}

/** The smallest of 1, 2 and 5 times a power of ten that is not less. */
function roundStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10) * power;
}

function logScale(values: readonly number[]): Scale {
  const first = 10 ** Math.floor(Math.log10(Math.min(...values, Infinity)) + 1e-9);
  const last = 10 ** Math.ceil(Math.log10(Math.max(...values, 0)) - 1e-9);
  if (!(first > 0 && Number.isFinite(first) && last > 0)) return { ticks: [], place: () => 0 };
  const decades = Math.max(1, Math.round(Math.log10(last / first)));
  const factors = decades <= 2 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let decade = 0; decade <= decades; decade++) {
    for (const factor of factors) {
      const tick = Number((factor * first * 10 ** decade).toPrecision(12));
      if (tick <= first * 10 ** decades * (1 + 1e-9)) ticks.push(tick);
    }
  }
  return { ticks, place: (value) => Math.log10(value / first) / decades };
}
