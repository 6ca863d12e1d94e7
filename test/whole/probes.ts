/** Packets that rules have something to say about. */
import type { ServicePort } from '@shunt/compiler';
import { type Address, address, FAMILIES, type Family, familyOf } from '@shunt/model';
import type { Scenario } from '@shunt/testing';
import type { HintedPacket } from '../stateful/plain-flows.js';

const CLIENTS: Readonly<Record<Family, readonly Address[]>> = {
  IPv4: ['10.0.0.2', '203.0.113.2', '198.51.100.7'].map(address),
  IPv6: ['fd00:10::2', '2001:db8:cb::2', '2600:5200::1'].map(address),
};

/** Of each frontend. */
const PROBES = 3;

/** What a packet is sent to. */
export type Target = Pick<HintedPacket, 'protocol' | 'destination' | 'destinationPort'>;

/** Where frontends are, in a fixed order; node ports at all addresses of the node. */
export function targetsOf(servicePorts: readonly ServicePort[], { node }: Scenario): Target[] {
  return servicePorts.flatMap(({ protocol, family, frontends }) =>
    frontends.flatMap(({ kind, address: at, port: destinationPort }): Target[] => {
      const own = node.addresses.filter((it) => familyOf(it) === family);
      const destinations = at === null ? own : [at];
      const its = kind === 'healthCheckNodePort' ? 'TCP' : protocol;
      return destinations.map((destination) => ({ protocol: its, destination, destinationPort }));
    }),
  );
}

/** Pods, strangers, the node itself, and backends, of which some get what they send. */
export function clientsOf(servicePorts: readonly ServicePort[], { node }: Scenario): Address[] {
  const backends = servicePorts.flatMap(({ clusterPool }) => clusterPool?.backends.slice(0, 1) ?? []);
  return [
    ...FAMILIES.flatMap((family) => CLIENTS[family]),
    ...node.addresses,
    ...new Set(backends.map((it) => it.address)),
  ];
}

/** To each frontend from some of everywhere: others for the next one. */
export function probesOf(servicePorts: readonly ServicePort[], scenario: Scenario): HintedPacket[] {
  const clients = clientsOf(servicePorts, scenario);
  return targetsOf(servicePorts, scenario).flatMap((target, index) => {
    const own = clients.filter((client) => familyOf(client) === familyOf(target.destination));
    return Array.from({ length: PROBES }, (_, at): HintedPacket => {
      const source = own[(PROBES * index + at) % own.length] as Address;
      return { ...target, source, sourcePort: 1_000 + 17 * index + at, hint: 0 };
    });
  });
}
