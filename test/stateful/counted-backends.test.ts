/** Counters by backend stay those of the backends, wherever patches move them in the table. */
import { changeBetween, type Ruleset, servicePortKey, servicePortName, TableWriter } from '@shunt/compiler';
import { Dataplane, StatefulDataplane } from '@shunt/dataplane';
import {
  address,
  formatEndpoint,
  readFlowVerdict,
  readPatchPlan,
  setPacketHint,
  TCP_ACK,
  TCP_SYN,
  writePacket,
} from '@shunt/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rulesetWith, servicePortWith } from '../table/small-ruleset.js';

const SERVICES = 4;
const FIRST_BACKEND = address('10.1.0.0') as number;
const CLIENT = address('10.0.7.7');

/** Service 0 and on, each with its backends; one without any is not there. */
type Rules = readonly (readonly number[])[];

function rulesetOf(rules: Rules): Ruleset {
  return rulesetWith(
    ...rules.flatMap((hosts, service) => {
      const backends = hosts.map((host) => {
        return { address: FIRST_BACKEND + host, port: 8080, local: false, weight: 1 };
      });
      const [frontend] = servicePortWith({}).frontends;
      if (frontend === undefined || backends.length === 0) return [];
      return servicePortWith({
        name: `s${service}`,
        clusterPool: { backends, slots: backends.map((_, index) => index), strategy: 'even' },
        frontends: [{ ...frontend, address: vipOf(service) }],
      });
    }),
  );
}

function vipOf(service: number): number {
  return (address('10.96.0.10') as number) + service;
}

interface Flow {
  readonly service: number;
  readonly sourcePort: number;
  readonly to: string;
  /** Under which name it is counted; `null` once its service port is gone. */
  name: string | null;
}

type Sums = { flows: number; packets: number };

/** A table that is patched, a dataplane that remembers, and a Map that counts beside it. */
class Counted {
  readonly #writer: TableWriter;
  readonly #dataplane: Dataplane;
  readonly #counting: { readonly servicePorts: number; readonly backends: number };
  #stateful: StatefulDataplane;
  #ruleset: Ruleset;
  #sourcePort = 1024;
  #flows: Flow[] = [];
  readonly #sums = new Map<string, Sums>();
  readonly #total = { flows: 0, packets: 0 };

  constructor(backends: number) {
    this.#ruleset = rulesetOf(Array.from({ length: SERVICES }, (_, service) => [service]));
    this.#writer = TableWriter.create(this.#ruleset);
    const { image } = this.#writer.table();
    this.#dataplane = Dataplane.load(image, { kernels: 'typescript' });
    this.#counting = { servicePorts: 2 * SERVICES + 1, backends };
    this.#stateful = this.#start();
  }

  send(service: number): void {
    const sourcePort = this.#sourcePort++;
    const to = this.#process(service, sourcePort, TCP_SYN);
    if (to === null) return;
    const name = `s${service} ${to}`;
    this.#flows.push({ service, sourcePort, to, name });
    this.#count(name, 1);
  }

  sendMore(which: number): void {
    const flow = this.#flows[which % Math.max(1, this.#flows.length)];
    if (flow === undefined) return;
    expect(this.#process(flow.service, flow.sourcePort, TCP_ACK)).toBe(flow.to);
    this.#count(flow.name, 0);
  }

  update(rules: Rules): void {
    const after = rulesetOf(rules);
    const names = new Map(
      [...this.#writer.directory.servicePorts.values()].map((it) => [it.number, it.servicePort.name]),
    );
    const patch = this.#writer.update(changeBetween(this.#ruleset, after));
    const left = new Set(after.servicePorts.map(({ name }) => name));
    const gone = this.#ruleset.servicePorts.filter(({ name }) => !left.has(name));
    this.#ruleset = after;
    this.#dataplane.apply(patch);
    const handedOver = this.#stateful.apply(readPatchPlan(patch));
    const sums = new Map(
      handedOver.backends.map(({ servicePort, address: at, port, counts }) => {
        return [`${names.get(servicePort)} ${formatEndpoint(at, port)}`, counts];
      }),
    );
    for (const { name } of gone) {
      for (const flow of this.#flows) if (flow.name?.startsWith(`${name} `)) flow.name = null;
      for (const [key, { packets }] of this.#sums) {
        if (!key.startsWith(`${name} `)) continue;
        this.#sums.delete(key);
        // Where there is room for all of them, each is handed over.
        if (this.#counting.backends > 16) expect(sums.get(key)?.packets).toBe(packets);
      }
    }
    for (const { flows, packets } of sums.values()) {
      this.#total.flows -= flows;
      this.#total.packets -= packets;
    }
  }

  /** Ends all flows. */
  end(): void {
    this.#stateful.expire(1e6, 4096);
    this.#flows = [];
  }

  restart(): void {
    this.#stateful = this.#start(this.#stateful.save());
  }

  check(): void {
    const { counters } = this.#stateful;
    this.#stateful.collect();
    const all = [...counters.backends()];
    const sums = new Map(
      all.map(({ servicePort, address: at, port, counts: { flows, packets } }) => {
        const name = this.#writer.directory.servicePort(servicePort)?.name;
        return [`${name} ${formatEndpoint(at, port)}`, { flows, packets }];
      }),
    );
    const { otherBackends } = counters;
    if (this.#counting.backends > 16) expect(sums).toEqual(this.#sums);
    // Or some have given way, or had no room.
    for (const [key, { packets }] of sums)
      expect(packets).toBeLessThanOrEqual(this.#sums.get(key)?.packets ?? 0);
    const total = { flows: otherBackends.flows, packets: otherBackends.packets };
    for (const { counts } of all) {
      total.flows += counts.flows;
      total.packets += counts.packets;
    }
    expect(total).toEqual(this.#total);
  }

  #start(saved?: Uint32Array): StatefulDataplane {
    return new StatefulDataplane({
      table: this.#dataplane,
      families: {
        IPv4: { flows: 256, clients: 1, masquerade: { addresses: Uint32Array.of(0xc0a80002) } },
      },
      counting: this.#counting,
      batchPackets: 1,
      webAssembly: false,
      ...(saved === undefined ? {} : { saved }),
    });
  }

  /** @returns where it goes, or `null` */
  #process(service: number, sourcePort: number, hint: number): string | null {
    const { packets, verdicts } = this.#stateful.records('IPv4');
    const destination = vipOf(service);
    writePacket(packets, 0, {
      protocol: 'TCP',
      source: CLIENT,
      sourcePort,
      destination,
      destinationPort: 80,
    });
    setPacketHint(packets, 0, 'IPv4', hint);
    this.#stateful.process('IPv4', packets, verdicts, 1, 1);
    const { rewritten } = readFlowVerdict(verdicts, 0, 'IPv4');
    return rewritten === null ? null : formatEndpoint(rewritten.destination, rewritten.destinationPort);
  }

  #count(name: string | null, flows: number): void {
    this.#total.flows += flows;
    this.#total.packets++;
    if (name === null) return;
    const sums = this.#sums.get(name) ?? { flows: 0, packets: 0 };
    sums.flows += flows;
    sums.packets++;
    this.#sums.set(name, sums);
  }
}

const SERVICE = fc.nat({ max: SERVICES - 1 });
const RULES = fc.array(fc.uniqueArray(fc.nat({ max: 7 }), { maxLength: 6 }), {
  minLength: SERVICES,
  maxLength: SERVICES,
});
const EVENT = fc.oneof(
  { weight: 4, arbitrary: SERVICE.map((service) => (world: Counted) => world.send(service)) },
  { weight: 2, arbitrary: fc.nat().map((which) => (world: Counted) => world.sendMore(which)) },
  { weight: 2, arbitrary: RULES.map((rules) => (world: Counted) => world.update(rules)) },
  { weight: 1, arbitrary: fc.constantFrom((world: Counted) => world.end()) },
  { weight: 1, arbitrary: fc.constantFrom((world: Counted) => world.restart()) },
);

describe('counters by backend', () => {
  it.each([
    ['all', 32],
    ['some', 5],
    ['none', 0],
  ])('are those of a Map of names, over patches, with room for %s', (_, backends) => {
    fc.assert(
      fc.property(fc.array(EVENT, { maxLength: 60, size: 'max' }), (events) => {
        const world = new Counted(backends);
        for (const event of events) {
          event(world);
          world.check();
        }
      }),
      { numRuns: 100 },
    );
  });

  it('have the names that the directory has for service ports', () => {
    const ruleset = rulesetOf([[1], [], [2, 3]]);
    const { directory } = TableWriter.create(ruleset);
    const names = ruleset.servicePorts.map((port) => {
      const { number = 0 } = directory.servicePorts.get(servicePortKey(port)) ?? {};
      return directory.servicePort(number);
    });
    expect(names).toEqual(ruleset.servicePorts);
    expect(names.map((port) => port && servicePortName(port))).toEqual(['shop/s0:http', 'shop/s2:http']);
    expect([directory.servicePort(0), directory.servicePort(99)]).toEqual([undefined, undefined]);
  });
});
