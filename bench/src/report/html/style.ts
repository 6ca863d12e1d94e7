import { COLOURS } from './svg-plot.js';

/** Colours that people who do not see all of them can tell apart, after Okabe and Ito; lighter on dark. */
const ON_LIGHT = ['#0072b2', '#d55e00', '#007a5a', '#b0468f', '#8a6d00', '#2a8fc4', '#5b6470', '#9c3a12'];
const ON_DARK = ['#56b4e9', '#ff9a4d', '#2fc79a', '#e79ad0', '#f0e442', '#8fd0ff', '#b6c0cb', '#ffb38a'];

/**
 * The page's style.
 * @see M. Okabe and K. Ito, "Color Universal Design", 2008
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fff; --text: #1b1f24; --dim: #5b6470; --grid: #dfe3e8; --head: #f3f5f7;
  ${variables(ON_LIGHT)}
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --text: #e4e7eb; --dim: #9aa4b0; --grid: #2b3138; --head: #1c2127;
    ${variables(ON_DARK)}
  }
}
body {
  margin: 0 auto; max-width: 76rem; padding: 1rem;
  background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif;
}
h1 { font-size: 1.5rem; }
h2 { font-size: 1.2rem; margin-top: 2.5rem; }
h3 { font-size: 1rem; margin-bottom: .3rem; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { color: var(--dim); }
dd { margin: 0; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; }
figcaption { font-weight: 600; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--dim); font: 12px system-ui, sans-serif; text-anchor: middle; }
svg .end { text-anchor: end; }
.grid { stroke: var(--grid); }
.series { fill: currentColor; }
.series polyline { fill: none; stroke: currentColor; stroke-width: 2; }
${Array.from({ length: COLOURS }, (_, index) => `.c${index} { color: var(--c${index}); }`).join('\n')}
.legend {
  list-style: none; padding: 0; margin: .3rem 0 0; color: var(--dim);
  display: flex; flex-wrap: wrap; gap: .1rem 1.2rem;
}
.legend li { display: flex; align-items: center; gap: .4rem; }
.sample { width: 32px; height: 14px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .3rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .7rem; text-align: right; white-space: nowrap; }
th { background: var(--head); font-weight: 600; }
th:first-child, td:first-child { text-align: left; }
tbody tr { border-top: 1px solid var(--grid); }
.note { color: var(--dim); margin: .2rem 0; }
details { margin: .3rem 0 1.5rem; }
summary { cursor: pointer; color: var(--dim); }
`;

function variables(colours: readonly string[]): string {
  return colours.map((colour, index) => `--c${index}: ${colour};`).join(' ');
}
