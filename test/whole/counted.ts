/** What plain models have counted, beside the counters of a stateful dataplane. */
import type { BackendCounts, FlowCounts, StatefulDataplane } from '@shunt/dataplane';
import { DECIDED_BY, FAMILIES, type Family, familyOf, VERDICTS } from '@shunt/model';
import { expect } from 'vitest';
import { expectSame } from '../stateful/expect-same.js';
import type { PlainFlows } from '../stateful/plain-flows.js';
import { COUNTING } from './live-system.js';

const NOTHING: FlowCounts = { flows: 0, packets: 0, replies: 0, refused: 0 };

/** What is left of service ports that are gone is of no backend. */
const NO_BACKEND = 'none';

/** Whether there is room to count for a service port's number. */
export function isCounted(servicePort: number): boolean {
  return servicePort < COUNTING.servicePorts;
}

export class Counted {
  readonly #plain: Readonly<Record<Family, PlainFlows>>;
  /** Those without room for themselves are counted as number 0. */
  readonly #servicePorts = new Map<string, FlowCounts>();
  /** By family, service port, address and port. */
  readonly #backends = new Map<string, FlowCounts>();

  constructor(plain: Readonly<Record<Family, PlainFlows>>) {
    this.#plain = plain;
    for (const family of FAMILIES) {
      for (const [name, count] of plain[family].counts) this.#read(family, name, count);
    }
  }

  ofServicePort(number: number): FlowCounts {
    return (isCounted(number) ? this.#servicePorts.get(`${number}`) : undefined) ?? NOTHING;
  }

  /** Of the backends of some service ports. */
  ofBackends(numbers: ReadonlySet<number>): Map<string, FlowCounts> {
    return new Map([...this.#backends].filter(([name]) => numbers.has(Number(name.split(' ')[1]))));
  }

  /** Compares all counters. @returns the packets that they have counted */
  check(stateful: StatefulDataplane): number {
    const { counters } = stateful;
    stateful.collect();
    let packets = 0;
    for (let number = 0; number < COUNTING.servicePorts; number++) {
      const counts = counters.servicePort(number);
      expectCounts(`service port ${number}`, counts, this.ofServicePort(number));
      packets += counts.packets + counts.replies;
    }
    const others = this.#backends.get(NO_BACKEND) ?? NOTHING;
    expectCounts('other backends', counters.otherBackends, others);
    expectBackends(counters.backends(), this.#backends);
    VERDICTS.forEach((verdict, at) => {
      DECIDED_BY.forEach((by, reason) => {
        const outcomes = counters.outcomes(at, reason);
        expectSame([verdict, by, outcomes], [verdict, by, this.#count(`${verdict} ${by}`)]);
        packets += outcomes;
      });
    });
    return packets;
  }

  #read(family: Family, name: string, count: number): void {
    const [what = '', servicePort = '', backend, address, port] = name.split(' ');
    // `flows gone gone` was handed over; `flows 0 gone` is of service ports without room, which are gone.
    if (!(what in NOTHING) || servicePort === 'gone') return;
    add(this.#servicePorts, isCounted(Number(servicePort)) ? servicePort : '0', what, count);
    if (what === 'refused' || backend === 'gone') return;
    const key = servicePort === '0' ? NO_BACKEND : `${family} ${servicePort} ${address} ${port}`;
    add(this.#backends, key, what, count);
  }

  #count(name: string): number {
    return FAMILIES.reduce((sum, family) => sum + (this.#plain[family].counts.get(name) ?? 0), 0);
  }
}

/** Compares what was counted for backends; who has counted nothing may be listed or not. */
export function expectBackends(actual: Iterable<BackendCounts>, want: ReadonlyMap<string, FlowCounts>): void {
  const left = new Map(want);
  left.delete(NO_BACKEND);
  for (const { servicePort, address, port, counts } of actual) {
    const key = `${familyOf(address)} ${servicePort} ${address} ${port}`;
    expectCounts(`backend ${key}`, counts, left.get(key) ?? NOTHING);
    left.delete(key);
  }
  expectSame([...left.keys()], []);
}

function add(sums: Map<string, FlowCounts>, number: string, what: string, count: number): void {
  const sum = sums.get(number) ?? NOTHING;
  sums.set(number, { ...sum, [what]: sum[what as keyof FlowCounts] + count });
}

export function expectCounts(of: string, actual: FlowCounts | undefined, want: FlowCounts): void {
  const { flows, packets, replies, refused } = actual ?? NOTHING;
  const isSame =
    flows === want.flows && packets === want.packets && replies === want.replies && refused === want.refused;
  if (!isSame) expect({ of, ...actual }).toEqual({ of, ...want });
}
