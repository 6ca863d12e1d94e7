import { type EndpointSlice, FAMILIES, formatAddress, SERVICE_NAME_LABEL } from '@shunt/model';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttachedEndpoints, attachSlices } from './endpoints.js';

const NODE = 'node-a';

/** One version of a slice; few addresses, so that slices share them. */
interface Draft {
  readonly name: number;
  readonly addresses: readonly number[];
  readonly ports: readonly number[];
  readonly ready: boolean;
  readonly terminating: boolean;
  readonly local: boolean;
  readonly isIPv6: boolean;
}

const drafts = fc.record<Draft>({
  name: fc.nat(5),
  addresses: fc.array(fc.nat(30), { maxLength: 12 }),
  // Of these, two have one name.
  ports: fc.uniqueArray(fc.constantFrom(80, 8080, 8081), { maxLength: 3 }),
  ready: fc.boolean(),
  terminating: fc.boolean(),
  local: fc.boolean(),
  isIPv6: fc.boolean(),
});

describe('slices that are attached', () => {
  it('step by step give the lists of those attached at once, whichever go and come together', () => {
    // A step puts some slices in, in the place of those with their names, and takes some out.
    const step = fc.record({ put: fc.array(drafts, { maxLength: 4 }), out: fc.array(fc.nat(5)) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const byName = new Map<number, EndpointSlice>();
        const held: (AttachedEndpoints | null)[] = [null, null];
        for (const { put, out } of steps) {
          for (const name of out) byName.delete(name);
          for (const draft of put) byName.set(draft.name, sliceOf(draft));
          const slices = [...byName].sort(([a], [b]) => a - b).map(([, slice]) => slice);
          FAMILIES.forEach((family, index) => {
            const next = attachSlices(slices, family, NODE, held[index]);
            expect(contentOf(next)).toEqual(contentOf(attachSlices(slices, family, NODE)));
            held[index] = next;
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('have their endpoints in byte order of ip:port, whatever order they are written in', () => {
    fc.assert(
      fc.property(fc.array(drafts, { maxLength: 5 }), (made) => {
        const slices = made.map((draft, name) => sliceOf({ ...draft, name }));
        for (const family of FAMILIES) {
          for (const { distinct } of attachSlices(slices, family, NODE).byPort.values()) {
            const keys = distinct.map(({ key }) => key);
            expect(keys).toEqual([...new Set(keys)].sort());
          }
        }
      }),
    );
  });
});

function sliceOf({ name, addresses, ports, ready, terminating, local, isIPv6 }: Draft): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { namespace: 'shop', name: `slice-${name}`, labels: { [SERVICE_NAME_LABEL]: 'cart' } },
    addressType: isIPv6 ? 'IPv6' : 'IPv4',
    ports: ports.map((port) => ({ name: port === 8080 ? 'admin' : 'http', port })),
    endpoints: addresses.map((address) => ({
      addresses: [formatAddress(isIPv6 ? 0xfd00n + BigInt(address) : 0x0a000000 + address)],
      conditions: { ready, serving: true, terminating },
      nodeName: local ? NODE : 'node-b',
    })),
  };
}

/** Without what is worked out on demand. */
function contentOf({ slices, nodeName, byPort }: AttachedEndpoints): unknown {
  const lists = [...byPort].map(([key, { attached, distinct }]) => {
    const shown = [attached, distinct].map((endpoints) =>
      endpoints.map((endpoint) => [
        endpoint.key,
        endpoint.slice,
        endpoint.index,
        endpoint.backend,
        endpoint.ready,
        endpoint.serving,
        endpoint.terminating,
      ]),
    );
    return [key, shown] as const;
  });
  return { slices, nodeName, lists: lists.sort(([a], [b]) => (a < b ? -1 : 1)) };
}
