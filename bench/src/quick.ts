import { usualLookupBatch } from './lookup/lookup-batch.js';
import { stringMap } from './lookup/string-map.js';
import type { Timing } from './measure/rounds.js';
import { formatRatio, formatTime } from './report/result-table.js';
import { lookupScenario, makeCluster } from './suites/lookup-suite.js';

const PARAMETERS = {
  services: 1_000,
  endpointsPerService: 10,
  flows: 65_536,
  traffic: 'uniform',
  family: 'IPv4',
  balance: 'auto',
} as const;
const ROUNDS = { rounds: 5, milliseconds: 80 };
// No native peers: it is to be quick where nothing was built yet, too.
const FIELD = { implementations: [stringMap, usualLookupBatch], peers: [] };

/**
 * The lookup suite in one line, after a second or two: the answers are compared here, too.
 * @throws {VerdictMismatch} if the two implementations disagree
 */
export async function quick(): Promise<string> {
  const context = { notice: () => undefined, makeCluster };
  const { timings } = await lookupScenario(PARAMETERS, ROUNDS, context, FIELD);
  const own = timings.find(({ name }) => name === usualLookupBatch.name);
  const { median, ratio } = own as Timing;
  const speed = `${(1000 / median).toPrecision(3)} M packets/s (${formatTime(median)} each)`;
  const { services, endpointsPerService } = PARAMETERS;
  const size = `${services.toLocaleString('en-US')} services x ${endpointsPerService} endpoints`;
  return `lookupBatch: ${speed}, ${formatRatio(ratio)}x a Map with string keys, on this machine, ${size}`;
}
