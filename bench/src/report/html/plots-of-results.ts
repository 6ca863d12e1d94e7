/** Which plots a run's results give. */
import { LATENCY_QUANTILES } from '../../measure/latency.js';
import type { Timing } from '../../measure/rounds.js';
import { groupBy } from '../group-by.js';
import type { ScenarioResult } from '../result.js';
import type { Axis, Plot, Series } from './plot.js';

const SERVICES: Axis = { label: 'services', scale: 'log' };

/** All plots that join several results, under the headings of the page. */
export function plotsOfResults(results: readonly ScenarioResult[]): { heading: string; plots: Plot[] }[] {
  const groups = [
    { heading: 'Throughput by service count', plots: throughputPlots(results) },
    { heading: 'Disruption and evenness', plots: balancePlots(results) },
    { heading: 'Memory', plots: memoryPlots(results) },
    { heading: 'Churn', plots: churnPlots(results) },
    { heading: 'Rules in the kernel', plots: kernelPlots(results) },
  ];
  return groups.filter(({ plots }) => plots.length > 0);
}

/** One plot for all results of the lookup suite that differ in nothing but the count of services. */
function throughputPlots(results: readonly ScenarioResult[]): Plot[] {
  const alike = groupBy(ofSuite(results, 'lookup'), titleWithoutServices);
  return [...alike].flatMap(([title, group]): Plot[] => {
    if (new Set(group.map(servicesOf)).size < 2) return [];
    const y: Axis = { label: 'million packets a second', scale: 'log' };
    const series = seriesByName(group, (result) =>
      result.timings.map(({ name, median }) => ({ name, x: servicesOf(result), y: 1000 / median })),
    );
    return [{ title, x: SERVICES, y, series }];
  });
}

/** Each number of the balance suite that is no time, by the size of the pool. */
function balancePlots(results: readonly ScenarioResult[]): Plot[] {
  const own = ofSuite(results, 'balance').filter(({ parameters }) => 'backends' in parameters);
  const keys = [...new Set(own.flatMap(({ facts }) => Object.values(facts).flatMap(Object.keys)))];
  const x: Axis = { label: 'backends', scale: 'log' };
  return keys.map((key): Plot => {
    const scale = key.includes('bytes') ? 'log' : 'linear';
    const series = seriesByName(own, ({ parameters, facts }) =>
      Object.entries(facts).flatMap(([name, fact]) => {
        const value = fact[key];
        return value == null ? [] : [{ name, x: Number(parameters.backends), y: value }];
      }),
    );
    return { title: key, x, y: { label: key, scale }, series };
  });
}

function memoryPlots(results: readonly ScenarioResult[]): Plot[] {
  const own = ofSuite(results, 'memory');
  const tables = own.filter(({ title }) => title.startsWith('table'));
  const curves = own.filter(({ title }) => title.startsWith('maglev'));
  const bytes = { label: 'bytes of table an endpoint', scale: 'linear' } as const;
  const growth = seriesByName(tables, (result) =>
    Object.entries(result.facts).map(([name, fact]) => {
      return { name, x: servicesOf(result), y: fact['an endpoint'] ?? 0 };
    }),
  );
  const evenness = curves.map(({ title, facts }): Series => {
    const points = Object.values(facts).map((fact) => {
      return { x: fact['an endpoint'] ?? 0, y: fact['most over mean %'] ?? 0 };
    });
    return { name: title, points };
  });
  const most: Axis = { label: 'most loaded backend over the mean, %', scale: 'linear' };
  return [
    { title: 'Table by service count', x: SERVICES, y: bytes, series: growth },
    { title: 'What evenness costs: 16 to 100 slots a backend', x: bytes, y: most, series: evenness },
  ].filter(({ series }) => series.length > 0);
}

/** What a change takes by the count of services, and how long readers' batches take meanwhile. */
function churnPlots(results: readonly ScenarioResult[]): Plot[] {
  const own = ofSuite(results, 'churn');
  const clusters = own.filter(
    ({ title, parameters }) => title.startsWith('one change') && 'services' in parameters,
  );
  const plots = (['p50 us', 'p99 us'] as const).map((key): Plot => {
    const series = seriesByName(clusters, (result) =>
      Object.entries(result.facts).flatMap(([name, fact]) => {
        const value = fact[key];
        return value == null ? [] : [{ name, x: servicesOf(result), y: value }];
      }),
    );
    const y: Axis = { label: 'microseconds a change, at most', scale: 'log' };
    return { title: `One change, ${key === 'p50 us' ? 'half' : '99 %'} of the runs`, x: SERVICES, y, series };
  });
  const readers = own.filter(({ unit }) => unit === 'batch').map(latencyPlot);
  return [...plots, ...readers].filter((plot) => plot !== null).filter(({ series }) => series.length > 0);
}

/** What a load, a change and a connection take, by the count of services. */
function kernelPlots(results: readonly ScenarioResult[]): Plot[] {
  const own = groupBy(ofSuite(results, 'kernel'), ({ parameters }) => String(parameters.what));
  return [...own].flatMap(([what, group]): Plot[] => {
    const plot = (title: string, label: string, timeOf: (timing: Timing) => number | undefined): Plot => {
      const series = seriesByName(group, (result) =>
        result.timings.flatMap((timing) => {
          const time = timeOf(timing);
          return time === undefined ? [] : [{ name: timing.name, x: servicesOf(result), y: time / 1e6 }];
        }),
      );
      return { title, x: SERVICES, y: { label, scale: 'log' }, series };
    };
    const label = `milliseconds a ${group[0]?.unit}`;
    if (what === 'load') return [plot(what, label, ({ median }) => median)];
    return [
      plot(`${what}, half of the runs`, `${label}, at most`, ({ latency }) => latency?.p50),
      plot(`${what}, 99 % of the runs`, `${label}, at most`, ({ latency }) => latency?.p99),
    ];
  });
}

/** How the times of single runs are spread, where a result tells; `null` where it does not. */
export function latencyPlot({ title, unit, timings }: ScenarioResult): Plot | null {
  const series = timings.flatMap(({ name, latency }: Timing): Series[] => {
    if (latency === undefined) return [];
    return [{ name, points: LATENCY_QUANTILES.map(([key], x) => ({ x, y: latency[key] / 1000 })) }];
  });
  if (series.length === 0) return null;
  const x: Axis = { label: 'share of runs', scale: 'linear', names: QUANTILE_NAMES };
  return { title, x, y: { label: `microseconds a ${unit}, at most`, scale: 'log' }, series };
}

const QUANTILE_NAMES = LATENCY_QUANTILES.map(([, share]) => (share === 1 ? 'all' : `${share * 100} %`));

interface NamedPoint {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

function seriesByName(
  results: readonly ScenarioResult[],
  pointsOf: (result: ScenarioResult) => readonly NamedPoint[],
): Series[] {
  const points = groupBy(results.flatMap(pointsOf), ({ name }) => name);
  return [...points].map(([name, own]) => ({ name, points: [...own].sort((a, b) => a.x - b.x) }));
}

function ofSuite(results: readonly ScenarioResult[], suite: string): ScenarioResult[] {
  return results.filter((result) => result.suite === suite);
}

function servicesOf({ parameters }: ScenarioResult): number {
  return Number(parameters.services);
}

/** `10,000 services x 10 endpoints, 65,536 flows, uniform` from its second part on. */
function titleWithoutServices({ title }: ScenarioResult): string {
  return title.replace(/^[\d,]+ services( x [\d,]+ endpoints)?, /, '');
}
