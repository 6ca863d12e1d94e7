import type { Service, SliceEndpoint } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { trafficHints } from './traffic-distribution.js';

const service = (trafficDistribution?: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec: trafficDistribution === undefined ? {} : { trafficDistribution },
});

const ready: SliceEndpoint = {
  addresses: ['10.0.0.1'],
  conditions: { ready: true },
  zone: 'a',
  nodeName: 'n',
};
const notReady = { ...ready, conditions: { ready: false }, hints: { forZones: [{ name: 'old' }] } };
const zone = { forZones: [{ name: 'a' }] };
const node = { forNodes: [{ name: 'n' }] };

describe('the hints of a traffic distribution', () => {
  it.each([
    ['PreferClose', zone],
    ['PreferSameZone', zone],
    ['PreferSameNode', { ...zone, ...node }],
    ['PreferMoon', undefined],
    [undefined, undefined],
  ])('%s are %j for a ready endpoint', (distribution, hints) => {
    const [hinted] = trafficHints(service(distribution))([ready]);
    expect(hinted).toEqual(hints === undefined ? ready : { ...ready, hints });
  });

  it.each([
    ['PreferClose', zone],
    ['PreferSameNode', { ...zone, ...node }],
  ])('%s leave alone who has them, and who is not ready', (distribution, hints) => {
    const list = [{ ...ready, hints }, notReady];
    expect(trafficHints(service(distribution))(list)).toBe(list);
  });

  it('name no zone and no node that an endpoint does not have', () => {
    const nowhere = { addresses: ['10.0.0.1'], conditions: { ready: true }, hints: zone };
    const { hints: _, ...plain } = nowhere;
    expect(trafficHints(service('PreferSameNode'))([nowhere])).toEqual([plain]);
  });

  it('drop the node when only the zone is wished for', () => {
    const list = [{ ...ready, hints: { ...zone, ...node } }];
    expect(trafficHints(service('PreferSameZone'))(list)).toEqual([{ ...ready, hints: zone }]);
  });

  it('are taken from all endpoints when nothing is wished for', () => {
    const { hints: _, ...plain } = notReady;
    const list = [ready, notReady];
    expect(trafficHints(service())(list)).toEqual([ready, plain]);
    expect(trafficHints(service())([ready])).toEqual([ready]);
  });
});
