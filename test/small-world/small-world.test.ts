import {
  type CompileInput,
  defaultConfig,
  Evaluator,
  masquerades,
  nodeView,
  type ProxyConfig,
  resolve,
} from '@shunt/compiler';
import { address, ClusterState, cidr, formatEndpoint, type Mode, type Packet } from '@shunt/model';
import { describe, expect, it } from 'vitest';
import { type Outcome, RuleWalk, type Setting, type WalkedPacket } from './rule-walk.js';
import * as world from './world.js';

const SOURCES = ['10.0.0.9', '10.180.0.1', world.NODE_IP, '127.0.0.1', '198.51.100.7', '198.51.100.200'];
const DESTINATIONS: readonly [string, number][] = [
  [world.CLUSTER_IP, world.PORT],
  [world.CLUSTER_IP, 81],
  ['172.30.0.99', world.PORT],
  [world.EXTERNAL_IP, world.PORT],
  [world.SECOND_NODE_IP, world.PORT],
  [world.LOAD_BALANCER_IP, world.PORT],
  [world.NODE_IP, world.NODE_PORT],
  [world.SECOND_NODE_IP, world.NODE_PORT],
  ['127.0.0.1', world.NODE_PORT],
  [world.NODE_IP, world.HEALTH_CHECK_PORT],
  ['10.180.0.1', 8080],
];
const PACKETS: readonly { walked: WalkedPacket; packet: Packet }[] = SOURCES.flatMap((from) =>
  DESTINATIONS.flatMap(([to, port]) =>
    (['TCP', 'UDP'] as const).map((protocol) => ({
      walked: { from, to, port, protocol },
      packet: { protocol, source: address(from), destination: address(to), destinationPort: port },
    })),
  ),
);

// Three endpoints make many worlds: there one packet from each origin to each kind of address is enough.
const FEW_PACKETS = PACKETS.filter(
  ({ walked: { from, to, port, protocol } }) =>
    protocol === 'TCP' &&
    ['10.180.0.1', world.NODE_IP, '198.51.100.7'].includes(from) &&
    ([world.CLUSTER_IP, world.EXTERNAL_IP, world.LOAD_BALANCER_IP].includes(to)
      ? port === world.PORT
      : to === world.NODE_IP),
);

function inputOf(setting: Setting): CompileInput {
  const config: ProxyConfig = {
    ...defaultConfig(setting.mode),
    clusterCIDRs: setting.detector ? [cidr(world.POD_CIDR)] : [],
    masqueradeAll: setting.masqueradeAll,
    localhostNodePorts: setting.localhostNodePorts,
    serviceCIDRs: [cidr(world.SERVICE_CIDR)],
    balance: 'even',
  };
  const node = nodeView(world.NODE, [address(world.NODE_IP), address(world.SECOND_NODE_IP)], world.ZONE);
  return {
    state: new ClusterState([world.makeService(setting.policies), world.makeSlice(setting.classes)]),
    node,
    config,
  };
}

/** Compares every packet of a setting; throws with the first that differs. */
function check(setting: Setting, packets = PACKETS): void {
  const oracle = new RuleWalk(setting);
  const evaluator = new Evaluator(resolve(inputOf(setting)).ruleset);
  for (const { walked, packet } of packets) {
    const evaluation = evaluator.evaluate(packet);
    const label = (backends: typeof evaluation.candidates): string[] =>
      backends.map((backend) => formatEndpoint(backend.address, backend.port));
    const got: Outcome = {
      verdict: evaluation.verdict,
      to: label(evaluation.candidates),
      masqueraded: label(evaluation.candidates.filter((backend) => masquerades(evaluation, packet, backend))),
    };
    const want = oracle.walk(walked);
    if (JSON.stringify(got) !== JSON.stringify(want))
      expect({ setting, walked, outcome: got }).toEqual({ setting, walked, outcome: want });
  }
}

function* settings(mode: Mode, classes: readonly world.EndpointClass[], size: number): Generator<Setting> {
  for (const chosen of world.multisets(classes, size)) {
    for (const policies of world.ALL_POLICIES) {
      yield {
        mode,
        policies,
        classes: chosen,
        detector: true,
        masqueradeAll: false,
        localhostNodePorts: true,
      };
    }
  }
}

describe.each(['iptables', 'nftables'] as const)('every small world in %s mode', (mode) => {
  it.each([0, 1])('agrees with a walk of the rules: %i endpoints of all 144 classes', (size) => {
    for (const setting of settings(mode, world.ALL_CLASSES, size)) check(setting);
  });

  it('agrees with a walk of the rules: 2 endpoints of the distinct classes', () => {
    for (const setting of settings(mode, world.DISTINCT_CLASSES, 2)) check(setting);
  });

  it('agrees with a walk of the rules: 3 endpoints of the distinct classes', () => {
    for (const setting of settings(mode, world.DISTINCT_CLASSES, 3)) {
      if (!setting.policies.sourceRanges) check(setting, FEW_PACKETS);
    }
  });

  it('agrees without a local detector, with masqueradeAll, and without localhost node ports', () => {
    for (const size of [0, 1, 2]) {
      const classes = size < 2 ? world.ALL_CLASSES : world.DISTINCT_CLASSES.slice(0, 12);
      for (const setting of settings(mode, classes, size)) {
        check({ ...setting, detector: false });
        check({ ...setting, masqueradeAll: true });
        check({ ...setting, localhostNodePorts: false });
      }
    }
  });
});
