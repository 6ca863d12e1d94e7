/** Control planes over small pools, and what must hold of any of them. */
import {
  ControlPlane,
  type ControlPlaneOptions,
  parseLoadBalancerPool,
  validateService,
} from '@shunt/cluster';
import { ClusterState, cidr, formatReference, type KubernetesObject, referenceTo } from '@shunt/model';
import type fc from 'fast-check';

export const SERVICE_CIDRS = ['172.30.0.0/16', 'fd00:10:96::/112'].map(cidr);

export function planeOver(
  objects: Iterable<KubernetesObject> = [],
  options: ControlPlaneOptions = {},
): ControlPlane {
  return new ControlPlane(new ClusterState(objects), { serviceCIDRs: SERVICE_CIDRS, ...options });
}

export function poolOf(text: string) {
  const parsed = parseLoadBalancerPool(text);
  if ('error' in parsed) throw new Error(parsed.error);
  return parsed.pool;
}

/** The whole state as a text that two states share when they hold the same. */
export function dump({ state }: ControlPlane): string {
  return [...state]
    .map((object) => JSON.stringify(object))
    .sort()
    .join('\n');
}

/** Who holds each cluster IP, node port and health-check port, by the Services as they are stored. */
export function holdersOf({ state }: ControlPlane): Map<string, Set<string>> {
  const holders = new Map<string, Set<string>>();
  for (const service of state.list('Service')) {
    const { clusterIPs = [], ports = [], healthCheckNodePort } = service.spec;
    const held = [
      ...clusterIPs.filter((ip) => ip !== 'None'),
      ...ports.flatMap(({ nodePort }) => (nodePort ? [`port ${nodePort}`] : [])),
      ...(healthCheckNodePort ? [`port ${healthCheckNodePort}`] : []),
      ...(service.status?.loadBalancer?.ingress ?? []).map(({ ip }) => `balancer ${ip}`),
    ];
    for (const it of held) {
      const known = holders.get(it) ?? new Set();
      holders.set(it, known.add(formatReference(referenceTo(service))));
    }
  }
  return holders;
}

/** What is wrong with the Services of a plane that has admitted them all: nothing, if all is well. */
export function faultsOf(plane: ControlPlane): string[] {
  const shared = [...holdersOf(plane)].filter(([, holders]) => holders.size > 1);
  const invalid = plane.state
    .list('Service')
    .flatMap((service) => validateService(service).map((error) => [service.metadata.name, error]));
  return [...shared, ...invalid].map((fault) => JSON.stringify(fault));
}

/** Something that happens to a control plane and to the model beside it. */
export type PlaneCommand<Model extends object> = fc.Command<Model, ControlPlane>;

export function command<Model extends object>(
  text: string,
  run: (model: Model, plane: ControlPlane) => void,
): PlaneCommand<Model> {
  return { check: () => true, run, toString: () => `\n${text}` };
}
