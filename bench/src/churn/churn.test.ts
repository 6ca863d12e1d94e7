import { resolve } from '@shunt/compiler';
import { address, ClusterState } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { StringMapLookup } from '../lookup/string-map-lookup.js';
import { VerdictMismatch } from '../lookup/verdict-hash.js';
import { generateCluster } from '../workload/cluster.js';
import { generatePackets } from '../workload/packets.js';
import { SEEDS, seededRandom } from '../workload/random.js';
import { growthScenario, wearScenario } from './growth.js';
import { largeServiceInput, manyPortsInput } from './large-input.js';
import { LiveTable } from './live-table.js';
import { rollingRestart } from './rolling-restart.js';
import { type Kind, sitesOf, Turns } from './sites.js';
import { answersOf, hashFromNothing, patchedHash } from './verdicts.js';

const cluster = generateCluster(seededRandom(1), { services: 30, endpointsPerService: 4 });
const packets = generatePackets(seededRandom(2), cluster, 1_024, 'uniform');
const sites = sitesOf(cluster, seededRandom(3));

describe('sites', () => {
  it('have a packet that their endpoint answers', () => {
    const { dataplane } = new LiveTable(cluster);
    const verdict = new Uint32Array(4);
    expect(sites).toHaveLength(30);
    for (const site of sites) {
      dataplane.lookupBatch(site.packet, verdict, 1);
      expect(verdict[1]).toBe(site.address);
    }
  });

  it('are those of every slice of a Service', () => {
    const input = largeServiceInput(60, 'maglev', 6);
    expect(sitesOf(input, seededRandom(3))).toHaveLength(6);
    expect(
      sitesOf(manyPortsInput(3, 5), seededRandom(3))
        .map((site) => site.address)
        .sort(),
    ).toEqual([1, 2, 3, 4, 5].map((number) => address(`10.128.1.${number}`)));
  });

  it.each<[Kind, 'goes' | 'comes']>([
    ['endpoint', 'goes'],
    ['endpoint', 'comes'],
    ['readiness', 'goes'],
    ['service', 'goes'],
    ['service', 'comes'],
  ])('change by %s: what %s is seen, and half of the sites later undone', (kind, what) => {
    const table = new LiveTable(cluster);
    const own = sites.slice(0, 5);
    const turns = new Turns(own, kind, what);
    const verdict = new Uint32Array(4);
    for (let turn = 0; turn < 12; turn++) {
      const { undone, site, run } = turns.next(table.state);
      table.happened(undone);
      table.settle();
      const { generationAfter } = table.change(run());
      expect(generationAfter).toBe(table.writer.generation);
      expect(site).toBe(own[turn % 5]);
      table.dataplane.lookupBatch(site.packet, verdict, 1);
      expect(verdict[1] === site.address).toBe(what === 'comes');
      const gone = own.filter((each) => {
        table.dataplane.lookupBatch(each.packet, verdict, 1);
        return verdict[1] !== each.address;
      });
      expect(gone).toHaveLength(what === 'comes' ? 2 : Math.min(turn + 1, 2));
    }
    patchedHash(table, packets);
  });

  it('are refused where there is only one', () => {
    expect(() => new Turns(sites.slice(0, 1), 'endpoint', 'goes')).toThrow(RangeError);
  });
});

describe('verdicts', () => {
  it('end the run where a table is not that of a compile from nothing', () => {
    const table = new LiveTable(cluster);
    const answers = answersOf(table.dataplane, packets);
    const empty = resolve({ ...cluster, state: new ClusterState() }).ruleset;
    expect(() => hashFromNothing(empty, new Map([['the table', answers]]), packets)).toThrow(VerdictMismatch);
  });

  it('of the Map are those of the table after every kind of change', () => {
    const table = new LiveTable(cluster);
    const updates = table.follow();
    const map = new StringMapLookup(table.compiler.ruleset, SEEDS.flowHash);
    const hashes = (['service', 'endpoint', 'readiness'] as const).flatMap((kind, share) => {
      const turns = new Turns(sites.slice(share * 10, share * 10 + 10), kind, 'goes');
      return Array.from({ length: 12 }, () => {
        const { undone, run } = turns.next(table.state);
        table.happened([...undone, ...run()]);
        table.settle();
        for (const update of updates.splice(0)) map.update(update);
        return patchedHash(table, packets, map);
      });
    });
    expect(new Set(hashes).size).toBeGreaterThan(12);
  });
});

describe('scenarios', () => {
  it('count alike in every run', () => {
    const size = { endpoints: 40, steps: 6, flows: 512, rounds: 2 };
    const counts = (): unknown[] => {
      const { facts, hash } = rollingRestart(size, 'maglev');
      const own = Object.values(facts).map((fact) => [
        fact['slots moved, in all'],
        fact['flows moved, in all'],
        fact['without need'],
      ]);
      return [hash, own];
    };
    expect(counts()).toEqual(counts());
  });

  it('grow tables, and tell what they take', () => {
    const growth = growthScenario({ services: 60, rounds: 2 }, 512);
    const names = growth.timings.map(({ name }) => name);
    expect(names).toContain('service created, table made larger');
    const wear = wearScenario({ services: 30, changes: 100 }, 512);
    expect(wear.facts['then compacted']?.['words in all']).toBe(
      wear.facts['compiled from nothing']?.['words in all'],
    );
  });
});
