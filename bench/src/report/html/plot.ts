/** A plot as data: what svg-plot.ts draws. */
export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Axis {
  readonly label: string;
  readonly scale: 'linear' | 'log';
  /** Names of the positions 0, 1, 2 and on, where they are no numbers. */
  readonly names?: readonly string[];
}

export interface Series {
  readonly name: string;
  /** In the order in which to join them. */
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}
