import { describe, expect, it } from 'vitest';
import type { Report, ScenarioResult } from '../result.js';
import { htmlPage } from './page.js';
import { plotsOfResults } from './plots-of-results.js';
import { svgPlot } from './svg-plot.js';

function lookup(services: number, median: number): ScenarioResult {
  const timing = { name: 'a < "b"', rounds: [median], median, lowerQuartile: median, upperQuartile: median };
  const latency = { runs: 9, p50: 1, p90: 2, p99: 3, p999: 4, max: 5 };
  return {
    suite: 'lookup',
    title: `${services.toLocaleString('en-US')} services x 10 endpoints, 64 flows, uniform`,
    parameters: { services },
    unit: 'packet',
    baseline: timing.name,
    timings: [{ ...timing, ratio: 1, latency }],
    hash: '0a',
    verdicts: { dnat: 64 },
    facts: {},
  };
}

const untimed = { unit: 'run', baseline: null, timings: [], hash: null } as const;
const memory: ScenarioResult = {
  ...untimed,
  suite: 'memory',
  title: 'table of 10 services x 10 endpoints',
  parameters: { services: 10 },
  facts: { auto: { 'an endpoint': 30 } },
};
const balance: ScenarioResult = {
  ...untimed,
  suite: 'balance',
  title: '10 backends, build',
  parameters: { backends: 10 },
  facts: { even: { 'moved %': 3, 'slot bytes': 0 }, random: { 'moved %': null, 'slot bytes': 0 } },
};
const results = [lookup(100, 20), lookup(1_000, 40), memory, balance];

const report: Report = {
  format: 'shunt-bench/1',
  date: '2025-01-02T03:04:05.000Z',
  machine: { cpu: 'a & b', cores: 2, memoryBytes: 2 ** 34, os: 'linux 6', caches: 'L2 1024K' },
  runtime: { node: '20', v8: '11', arch: 'x64' },
  commit: null,
  options: { size: 'full', suites: ['lookup', 'memory', 'balance'] },
  notices: ['DPDK is left out: it is not there'],
  seeds: {} as Report['seeds'],
  results,
};

describe('the plots of results', () => {
  it('join what differs in the count of services alone', () => {
    const [throughput] = plotsOfResults(results);
    expect(throughput?.plots).toMatchObject([
      {
        title: '64 flows, uniform',
        series: [
          {
            points: [
              { x: 100, y: 50 },
              { x: 1_000, y: 25 },
            ],
          },
        ],
      },
    ]);
  });

  it('have a heading each only where there is something to show', () => {
    const headings = (own: readonly ScenarioResult[]) => plotsOfResults(own).map(({ heading }) => heading);
    expect(headings(results)).toEqual(['Throughput by service count', 'Disruption and evenness', 'Memory']);
    expect(headings([lookup(100, 20)])).toEqual([]);
  });
});

describe('a drawn plot', () => {
  it('has a marker with its numbers for each point, within the picture', () => {
    const axis = { label: 'x', scale: 'log' } as const;
    const points = [
      { x: 100, y: 50 },
      { x: 65_536, y: 25 },
    ];
    const svg = svgPlot({ title: 't', x: axis, y: axis, series: [{ name: 'a', points }] });
    expect([...svg.matchAll(/<title>(.*?)<\/title>/g)].map(([, text]) => text)).toEqual([
      'a: 100, 50',
      'a: 65.5k, 25',
    ]);
    for (const [, place] of svg.matchAll(/c[xy]="([^"]*)"/g)) expect(Number(place)).toBeGreaterThan(0);
    expect(svg).not.toContain('NaN');
  });

  it('leaves out what a logarithmic axis has no place for', () => {
    const axis = { label: 'x', scale: 'log' } as const;
    const points = [
      { x: 10, y: 0 },
      { x: 100, y: 8 },
    ];
    const svg = svgPlot({ title: 't', x: axis, y: axis, series: [{ name: 'a', points }] });
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});

describe('the page', () => {
  const page = htmlPage(report);

  it('says what the numbers depend on', () => {
    for (const text of [
      'a &#38; b',
      'L2 1024K',
      'DPDK is left out: it is not there',
      '2025-01-02T03:04:05',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).toContain('npm run bench lookup memory balance -- --full');
  });

  it('has every scenario with its table, and every name as text', () => {
    for (const { title } of results) expect(page).toContain(`<h3>${title}</h3>`);
    expect(page).toContain('<td>a &#60; &#34;b&#34;</td>');
    expect(page).not.toContain('a < "b"');
  });

  it('asks for nothing else, and knows light and dark', () => {
    expect(page).not.toMatch(/<script|<link|<img|url\(|@import|https?:/);
    expect(page).toContain('@media (prefers-color-scheme: dark)');
  });

  it('closes what it opens', () => {
    for (const tag of ['svg', 'g', 'table', 'tr', 'td', 'figure', 'ul', 'li', 'div', 'details', 'text']) {
      const opened = page.match(new RegExp(`<${tag}[ >]`, 'g'))?.length ?? 0;
      expect(page.match(new RegExp(`</${tag}>`, 'g'))?.length ?? 0, tag).toBe(opened);
    }
  });
});
