import { type Node, ZONE_LABEL } from '@shunt/model';
import * as fc from 'fast-check';
import { NODE_NAMES, ZONES } from '../universe.js';
import { prune } from './prune.js';
import { rarely } from './services.js';

export interface WorkerNodeOptions {
  /** Default: `node-a` and `node-b`. */
  readonly names?: readonly string[];
}

/** Nodes with all that decides about the endpoints of their Pods: zone, CPUs, readiness, role. */
export function workerNodes({ names = NODE_NAMES }: WorkerNodeOptions = {}): fc.Arbitrary<Node> {
  return fc
    .record({
      name: fc.constantFrom(...names),
      zone: fc.constantFrom<(string | undefined)[]>(...ZONES, undefined),
      cpu: fc.constantFrom('4', '500m', undefined),
      ready: fc.constantFrom('True', 'True', 'False'),
      role: rarely(fc.constant('node-role.kubernetes.io/control-plane')),
    })
    .map(
      ({ name, zone, cpu, ready, role }) =>
        prune({
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name, labels: { [ZONE_LABEL]: zone, ...(role === undefined ? {} : { [role]: '' }) } },
          status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
        }) as Node,
    );
}
