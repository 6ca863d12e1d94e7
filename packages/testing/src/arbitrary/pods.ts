import type { Container, Pod } from '@shunt/model';
import * as fc from 'fast-check';
import {
  ENDPOINT_ADDRESSES,
  NAMESPACES,
  NODE_NAMES,
  POD_LABELS,
  POD_NAMES,
  PORT_NAMES,
  SERVICE_NAMES,
  TARGET_PORTS,
} from '../universe.js';
import { prune } from './prune.js';
import { maybe, protocols, rarely } from './services.js';

export interface PodOptions {
  /** Default: `pod-1` to `pod-6`. */
  readonly names?: readonly string[];
  /** Default: `ns1` and `ns2`. */
  readonly namespaces?: readonly string[];
}

/** When a Pod became ready, stopped being it, or was deleted. */
const TIMES = ['2024-01-01T00:00:00Z', '2024-01-02T00:00:00Z'] as const;

/**
 * Pods in every state that an endpoint controller tells apart: ready, not ready, terminating, done,
 * without an address, of either family or both, with named ports and sidecars, on a Node or on none.
 * Labels are so few that the selectors of {@link writtenServices} match them. Shrinks towards a ready Pod.
 */
export function pods({ names = POD_NAMES, namespaces = NAMESPACES }: PodOptions = {}): fc.Arbitrary<Pod> {
  return fc
    .record({
      name: fc.constantFrom(...names),
      namespace: fc.constantFrom(...namespaces),
      labels: podLabels,
      deletionTimestamp: mostly(undefined, ...TIMES),
      spec: podSpecs,
      status: podStatuses,
    })
    .map(
      ({ name, namespace, labels, deletionTimestamp, spec, status }) =>
        prune({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name, namespace, uid: `uid-${namespace}-${name}`, labels, deletionTimestamp },
          spec,
          status,
        }) as Pod,
    );
}

/** Labels as {@link pods} have them; with a key or two missing, or none at all. */
export const podLabels: fc.Arbitrary<Record<string, string>> = fc
  .record({
    app: mostly(POD_LABELS.app[0], POD_LABELS.app[1], undefined),
    tier: mostly(POD_LABELS.tier[0], POD_LABELS.tier[1], undefined),
  })
  .map((draft) => prune(draft) as Record<string, string>);

const containers: fc.Arbitrary<Container> = fc
  .record({
    name: fc.constantFrom('main', 'proxy'),
    ports: maybe(
      fc.array(
        fc
          .record({
            name: rarely(fc.constantFrom(...PORT_NAMES.filter((it) => it !== ''))),
            containerPort: fc.constantFrom(...TARGET_PORTS),
            protocol: maybe(protocols),
          })
          .map(({ name = 'http', ...port }) => ({ name, ...port })),
        { maxLength: 2 },
      ),
    ),
    restartPolicy: rarely(fc.constantFrom('Always')),
  })
  .map((draft) => prune(draft) as Container);

const podSpecs = fc.record({
  nodeName: often(fc.constantFrom<string[]>(...NODE_NAMES)),
  hostname: rarely(fc.constantFrom('host-1', 'host-2')),
  subdomain: rarely(fc.constantFrom(...SERVICE_NAMES)),
  containers: fc.array(containers, { maxLength: 2 }),
  initContainers: rarely(fc.array(containers, { maxLength: 1 })),
});

/** The addresses of a Pod: of one family or both, or none yet. */
export const podIPs: fc.Arbitrary<{ ip: string }[]> = fc
  .record({
    which: mostly('dual', 'IPv4', 'IPv6', 'none'),
    at: fc.nat({ max: ENDPOINT_ADDRESSES.IPv4.length - 1 }),
  })
  .map(({ which, at }) => {
    const [ipv4 = '', ipv6 = ''] = [ENDPOINT_ADDRESSES.IPv4[at], ENDPOINT_ADDRESSES.IPv6[at]];
    const texts = { IPv4: [ipv4], dual: [ipv4, ipv6], IPv6: [ipv6], none: [] }[which] ?? [];
    return texts.map((ip) => ({ ip }));
  });

/** The condition Ready. */
export const readiness: fc.Arbitrary<string> = mostly('True', 'False', 'Unknown');

const podStatuses = fc
  .record({
    phase: mostly('Running', 'Pending', 'Succeeded', 'Failed'),
    addresses: podIPs,
    ready: often(readiness),
    lastTransitionTime: maybe(fc.constantFrom(...TIMES)),
  })
  .map(({ phase, addresses, ready, lastTransitionTime }) => ({
    phase,
    podIP: addresses[0]?.ip,
    podIPs: addresses,
    conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready, lastTransitionTime }],
  }));

// Mostly as it should be, or few Pods would be endpoints, and fewer of one Service.
function mostly<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 5, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );
}

function often<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 7 });
}
