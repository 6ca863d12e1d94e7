import { escapeText } from './escape.js';
import type { Axis, Plot, Point, Series } from './plot.js';
import { fitScale, type Scale } from './scale.js';

const WIDTH = 720;
const HEIGHT = 360;
const LEFT = 76;
const RIGHT = 16;
const TOP = 12;
const BOTTOM = 52;

/** How many colours style.ts has; beyond, they come again with another marker and dash. */
export const COLOURS = 8;

/**
 * Draws a plot as SVG, coloured by the classes of style.ts. A line's marker and dash differ as its colour
 * does, and every point has its numbers as a title.
 */
export function svgPlot({ title, x, y, series: all }: Plot): string {
  const series = all.map(({ name, points }) => ({ name, points: points.filter(hasPlace(x, y)) }));
  const points = series.flatMap((each) => each.points);
  const across = fitScale(
    x,
    points.map((point) => point.x),
  );
  const up = fitScale(
    y,
    points.map((point) => point.y),
  );
  const place = (point: Point): Place => ({ left: leftOf(across, point.x), top: topOf(up, point.y) });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}">`,
    ...up.ticks.map((tick) => horizontal(topOf(up, tick), formatTick(tick))),
    ...across.ticks.map((tick) => vertical(leftOf(across, tick), x.names?.[tick] ?? formatTick(tick))),
    `<text class="label" x="${LEFT + (WIDTH - LEFT - RIGHT) / 2}" y="${HEIGHT - 10}">${escapeText(x.label)}</text>`,
    `<text class="label" transform="translate(16 ${TOP + (HEIGHT - TOP - BOTTOM) / 2}) rotate(-90)">${escapeText(y.label)}</text>`,
    ...series.map((each, index) => drawSeries(each, index, place, { x, y })),
    '</svg>',
  ].join('\n');
}

/** A logarithmic axis has no place for zero. */
function hasPlace(x: Axis, y: Axis): (point: Point) => boolean {
  return (point) => (x.scale === 'linear' || point.x > 0) && (y.scale === 'linear' || point.y > 0);
}

interface Place {
  readonly left: number;
  readonly top: number;
}

function leftOf(scale: Scale, value: number): number {
  return LEFT + scale.place(value) * (WIDTH - LEFT - RIGHT);
}

function topOf(scale: Scale, value: number): number {
  return HEIGHT - BOTTOM - scale.place(value) * (HEIGHT - TOP - BOTTOM);
}

function horizontal(top: number, text: string): string {
  const line = `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(top)}" y2="${round(top)}"/>`;
  return `${line}<text class="tick end" x="${LEFT - 8}" y="${round(top + 4)}">${escapeText(text)}</text>`;
}

function vertical(left: number, text: string): string {
  const end = HEIGHT - BOTTOM;
  const line = `<line class="grid" x1="${round(left)}" x2="${round(left)}" y1="${TOP}" y2="${end}"/>`;
  return `${line}<text class="tick" x="${round(left)}" y="${end + 18}">${escapeText(text)}</text>`;
}

function drawSeries(
  { name, points }: Series,
  index: number,
  place: (point: Point) => Place,
  axes: { readonly x: Axis; readonly y: Axis },
): string {
  const places = points.map(place);
  const line = places.map(({ left, top }) => `${round(left)},${round(top)}`).join(' ');
  const markers = places.map(({ left, top }, number) => {
    const { x, y } = points[number] as Point;
    const text = `${name}: ${axes.x.names?.[x] ?? formatTick(x)}, ${formatTick(y)}`;
    return `<g>${marker(index, left, top)}<title>${escapeText(text)}</title></g>`;
  });
  return `<g class="series c${index % COLOURS}"><polyline points="${line}"${dash(index)}/>${markers.join('')}</g>`;
}

/** The line and marker of a series, for a legend. */
export function svgSample(index: number): string {
  const line = `<polyline points="2,7 30,7"${dash(index)}/>`;
  return `<svg class="sample" viewBox="0 0 32 14"><g class="series c${index % COLOURS}">${line}${marker(index, 16, 7)}</g></svg>`;
}

function marker(index: number, left: number, top: number): string {
  const [x, y] = [round(left), round(top)];
  switch (index % 4) {
    case 0:
      return `<circle cx="${x}" cy="${y}" r="4"/>`;
    case 1:
      return `<rect x="${round(left - 4)}" y="${round(top - 4)}" width="8" height="8"/>`;
    case 2:
      return `<path d="M${x} ${round(top - 5)}l5 9h-10z"/>`;
    default:
      return `<path d="M${x} ${round(top - 5)}l5 5l-5 5l-5 -5z"/>`;
  }
}

function dash(index: number): string {
  return index < COLOURS / 2 ? '' : ' stroke-dasharray="6 3"';
}

/** A number in as few characters as it needs: `65.5k`, `0.02`. */
export function formatTick(value: number): string {
  const [unit, suffix] = UNITS.find(([least]) => Math.abs(value) >= least) ?? [1, ''];
  return `${Number((value / unit).toPrecision(3))}${suffix}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
