import type { Io, TextOutput } from '../io.js';

/** Dresses text for a terminal; changes nothing where there is none. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
}

/** Colours on a terminal only, and never with NO_COLOR set (no-color.org) or TERM=dumb. */
export function styleFor(output: TextOutput, env: Io['env']): Style {
  return hasColors(output, env) ? COLORED : PLAIN;
}

export function hasColors(output: TextOutput, env: Io['env']): boolean {
  return output.isTerminal && !env.NO_COLOR && env.TERM !== 'dumb';
}

const plain = (text: string): string => text;
const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };

// ECMA-48 "select graphic rendition": a parameter to begin, one to end.
const sgr =
  (begin: number, end: number) =>
  (text: string): string =>
    `\u001b[${begin}m${text}\u001b[${end}m`;

const COLORED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
};
