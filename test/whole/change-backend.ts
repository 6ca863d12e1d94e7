/** What befalls a backend while it has flows. */
import type { EndpointSlice, SliceEndpoint } from '@shunt/model';
import { formatAddress } from '@shunt/model';
import fc from 'fast-check';
import type { World } from './world.js';

/** `gone`: not listed any more; `back`: the slice is as it was before. */
type Fate = 'ready' | 'terminating' | 'not serving' | 'not ready' | 'gone' | 'back';

const CONDITIONS: Readonly<Partial<Record<Fate, NonNullable<SliceEndpoint['conditions']>>>> = {
  ready: { ready: true, serving: true, terminating: false },
  terminating: { ready: false, serving: true, terminating: true },
  'not serving': { ready: false, serving: false, terminating: true },
  'not ready': { ready: false, serving: true, terminating: false },
};

export class ChangeBackend implements fc.Command<World, World> {
  constructor(
    readonly which: number,
    readonly fate: Fate,
  ) {}

  check(world: World): boolean {
    return this.fate === 'back' ? world.replaced.length > 0 : slicesOf(world).length > 0;
  }

  run(world: World): void {
    const before = this.fate === 'back' ? world.replaced.pop() : this.#slice(world);
    if (before === undefined) return;
    if (this.fate === 'back') world.change([{ type: 'upsert', object: before }]);
    else {
      world.replaced.push(before);
      world.change([{ type: 'upsert', object: this.#changed(before, world) }]);
    }
  }

  toString(): string {
    return `backend(${this.which}, ${this.fate})`;
  }

  /** A slice that names the backend of a flow, or any other. */
  #slice(world: World): EndpointSlice | undefined {
    const slices = slicesOf(world);
    const backend = this.#backend(world);
    const naming = slices.filter((slice) => backend !== null && names(slice, backend));
    const some = naming.length > 0 ? naming : slices;
    return some[this.which % some.length];
  }

  #changed(slice: EndpointSlice, world: World): EndpointSlice {
    const endpoints = slice.endpoints ?? [];
    const backend = this.#backend(world);
    const found = endpoints.findIndex(({ addresses }) => backend !== null && addresses?.includes(backend));
    const chosen = found >= 0 ? found : this.which % endpoints.length;
    const conditions = CONDITIONS[this.fate];
    if (conditions === undefined) return { ...slice, endpoints: endpoints.toSpliced(chosen, 1) };
    return { ...slice, endpoints: endpoints.map((it, at) => (at === chosen ? { ...it, conditions } : it)) };
  }

  #backend({ plain }: World): string | null {
    const flows = [...plain.IPv4.flows.values(), ...plain.IPv6.flows.values()];
    const flow = flows[this.which % Math.max(1, flows.length)];
    return flow === undefined ? null : formatAddress(flow.rewritten.destination);
  }
}

/** `gone` and its like most often: it is what ends flows. */
export const backendChanges: fc.Arbitrary<ChangeBackend> = fc
  .tuple(
    fc.nat({ max: 7 }),
    fc.constantFrom<Fate[]>('gone', 'gone', 'back', 'not serving', 'terminating', 'not ready', 'ready'),
  )
  .map((args) => new ChangeBackend(...args));

function slicesOf({ system }: World): EndpointSlice[] {
  return system.state.list('EndpointSlice').filter(({ endpoints }) => (endpoints?.length ?? 0) > 0);
}

function names({ endpoints }: EndpointSlice, address: string): boolean {
  return (endpoints ?? []).some(({ addresses }) => addresses?.includes(address));
}
