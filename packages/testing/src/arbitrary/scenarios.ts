import type { NodeView, ProxyConfig } from '@shunt/compiler';
import type { Packet } from '@shunt/model';
import * as fc from 'fast-check';
import { ChangeSequence, type Cluster } from '../cluster.js';
import { describeCounterExample } from '../counter-example.js';
import { settleChanges } from './changes.js';
import { clusters } from './clusters.js';
import { type ConfigOptions, configs, nodeViewsOf } from './configs.js';
import { type ChangeOptions, happenings } from './happenings.js';
import { packetDrafts, settlePackets } from './packets.js';

export interface ScenarioOptions extends ChangeOptions, ConfigOptions {
  /** Default 8. */
  readonly maxPackets?: number;
  /** Whether changes happen. Default false. */
  readonly withChanges?: boolean;
}

/** A cluster, seen from one of its nodes, and packets to try. Prints as a packet-flow case. */
export class Scenario {
  readonly cluster: Cluster;
  readonly node: NodeView;
  readonly config: ProxyConfig;
  readonly packets: readonly Packet[];
  readonly changes: ChangeSequence;

  constructor(parts: Pick<Scenario, 'cluster' | 'node' | 'config' | 'packets' | 'changes'>) {
    this.cluster = parts.cluster;
    this.node = parts.node;
    this.config = parts.config;
    this.packets = parts.packets;
    this.changes = parts.changes;
  }

  toString(): string {
    return `\n${describeCounterExample(this)}`;
  }
}

/** Everything that a property about rules needs, in one value that shrinks part by part. */
export function scenarios(options: ScenarioOptions = {}): fc.Arbitrary<Scenario> {
  const maxChanges = options.withChanges === true ? (options.maxChanges ?? 6) : 0;
  return fc
    .record({
      cluster: clusters(options),
      config: configs(options),
      node: fc.nat({ max: 1 }),
      drafts: fc.array(packetDrafts, { minLength: 1, maxLength: options.maxPackets ?? 8 }),
      sequence: fc.array(happenings(options), { maxLength: maxChanges }),
    })
    .map(({ cluster, config, node: at, drafts, sequence }) => {
      const views = nodeViewsOf(cluster);
      const node = views[at % views.length] ?? views[0];
      const packets = settlePackets(cluster, node, config, drafts);
      const changes = new ChangeSequence(settleChanges([...cluster], sequence));
      return new Scenario({ cluster, node, config, packets, changes });
    });
}
