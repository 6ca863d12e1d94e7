/** What a writer that has loaded a table knows of it, where little in the image tells. */
import { changeBetween, type Frontend, type Ruleset, type ServicePort, TableWriter } from '@shunt/compiler';
import { Dataplane } from '@shunt/dataplane';
import { address, type Packet, readPatchPlan, validateMatchTable } from '@shunt/model';
import { expect, it } from 'vitest';
import { tableText } from './patched-table.js';
import { poolOf, rulesetWith, servicePortWith } from './small-ruleset.js';

const accept = { verdict: 'accept' } as const;
const healthCheck: Frontend = {
  kind: 'healthCheckNodePort',
  address: null,
  port: 32_000,
  sourceRanges: null,
  actions: { pod: accept, node: accept, outside: accept },
};
const probe: Packet = {
  protocol: 'TCP',
  source: address('198.51.100.7'),
  sourcePort: 4_000,
  destination: address('192.168.0.2'),
  destinationPort: 32_000,
};

/** Service ports whose addresses others have: a health-check port is all that they are found by. */
function checkedOnly(...names: readonly string[]): ServicePort[] {
  return names.map((portName, index) =>
    servicePortWith({
      portName,
      frontends: [healthCheck],
      healthCheckNodePort: 32_000,
      clusterPool: poolOf(2 + index, [0, 1]),
    }),
  );
}

function tableOf(ruleset: Ruleset): { image: Uint32Array; writer: TableWriter } {
  const { image } = TableWriter.create(ruleset, { capacityWords: 1 << 12 }).table();
  return { image, writer: TableWriter.load(image, ruleset) };
}

it('a health-check port stays the one of its Service, and goes with it', () => {
  const empty = rulesetWith();
  const ruleset = rulesetWith(...checkedOnly('a'));
  const { image, writer } = tableOf(ruleset);
  expect(tableText({ image, directory: writer.directory })).toContain('healthCheckNodePort');
  const dataplane = Dataplane.load(image);
  expect(dataplane.lookup(probe).verdict).toBe('accept');
  dataplane.apply(writer.update(changeBetween(ruleset, empty)));
  expect(dataplane.lookup(probe).verdict).toBe('none');
  expect(validateMatchTable(dataplane.image)).toEqual([]);
  // Two patches later, nothing of it takes room.
  for (let patch = 0; patch < 2; patch++) writer.update(changeBetween(empty, empty));
  const { freeWords, heapWords } = writer.memory;
  const fresh = TableWriter.create(empty).memory;
  expect(heapWords - freeWords).toBe(fresh.heapWords - fresh.freeWords);
});

it('a health-check port that several could have goes over to each that is left', () => {
  const names = ['a', 'b', 'c'];
  for (const first of names) {
    const all = checkedOnly(...names);
    const others = all.filter(({ portName }) => portName !== first);
    const { image, writer } = tableOf(rulesetWith(...all));
    const dataplane = Dataplane.load(image);
    dataplane.apply(writer.update(changeBetween(rulesetWith(...all), rulesetWith(...others))));
    expect(dataplane.lookup(probe).verdict).toBe('accept');
    dataplane.apply(writer.update(changeBetween(rulesetWith(...others), rulesetWith())));
    expect(dataplane.lookup(probe).verdict).toBe('none');
  }
});

it('numbers that the image does not tell are forgotten with the first patch', () => {
  const hidden = servicePortWith({ name: 'hidden', frontends: [] });
  const shown = servicePortWith({ name: 'shown' });
  const ruleset = rulesetWith(hidden, shown);
  const { writer } = tableOf(ruleset);
  const number = writer.directory.servicePorts.get('IPv4 shop/hidden:http TCP')?.number;
  const change = changeBetween(ruleset, rulesetWith(hidden, { ...shown, affinitySeconds: 5 }));
  expect(readPatchPlan(writer.update(change)).reset).toEqual([number]);
  const back = changeBetween(rulesetWith(hidden, { ...shown, affinitySeconds: 5 }), ruleset);
  expect(readPatchPlan(writer.update(back)).reset).toEqual([]);
});
