import { groupBy } from '../group-by.js';
import { commandOf, formatEnvironment } from '../report.js';
import type { Report, ScenarioResult } from '../result.js';
import { remarksOf, resultTable } from '../result-table.js';
import { escapeText } from './escape.js';
import type { Plot } from './plot.js';
import { latencyPlot, plotsOfResults } from './plots-of-results.js';
import { STYLE } from './style.js';
import { svgPlot, svgSample } from './svg-plot.js';

/** A report as one page of HTML that asks for nothing else: no script, no font, no picture from elsewhere. */
export function htmlPage(report: Report): string {
  const suites = groupBy(report.results, ({ suite }) => suite);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><title>Shunt benchmarks</title>',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<style>${STYLE}</style></head><body>`,
    '<h1>Shunt benchmarks</h1>',
    preface(report),
    ...plotsOfResults(report.results).map(({ heading, plots }) => {
      return `<h2>${escapeText(heading)}</h2>\n<div class="plots">${plots.map(figure).join('\n')}</div>`;
    }),
    ...[...suites].map(([suite, results]) => {
      return `<h2>${escapeText(suite)}</h2>\n${results.map(scenario).join('\n')}`;
    }),
    '</body></html>',
    '',
  ].join('\n');
}

/** What the numbers depend on, and how to read them. */
function preface(report: Report): string {
  const lines: [string, string][] = [
    ['Run', `${report.date}, size ${report.options.size}`],
    ['Machine', formatEnvironment(report)],
    ...report.notices.map((text): [string, string] => ['Left out', text]),
  ];
  const rows = lines.map(([name, text]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(text)}</dd>`);
  rows.push(`<dt>Command</dt><dd><code>${escapeText(commandOf(report.options))}</code></dd>`);
  return [
    `<dl>${rows.join('\n')}</dl>`,
    '<p>Times are medians of rounds in which all took turns, with the middle half of the rounds beside them.',
    '<b>speed</b> is how many times as fast as the baseline, taken within each round: quote this, for times are',
    'of one machine on one day. Where packets are answered, all gave the same answers.</p>',
  ].join('\n');
}

function scenario(result: ScenarioResult): string {
  const { header, rows } = resultTable(result);
  const head = header.map((cell) => `<th>${escapeText(cell)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeText(cell)}</td>`).join('')}</tr>`);
  const remarks = remarksOf(result).map((remark) => `<p class="note">${escapeText(remark)}</p>`);
  const plot = latencyPlot(result);
  return [
    `<h3>${escapeText(result.title)}</h3>`,
    `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`,
    ...remarks,
    plot === null ? '' : `<details><summary>distribution of single runs</summary>${figure(plot)}</details>`,
  ].join('\n');
}

function figure(plot: Plot): string {
  const legend = plot.series.map(({ name }, index) => `<li>${svgSample(index)}${escapeText(name)}</li>`);
  return [
    `<figure><figcaption>${escapeText(plot.title)}</figcaption>`,
    svgPlot(plot),
    `<ul class="legend">${legend.join('')}</ul></figure>`,
  ].join('\n');
}
