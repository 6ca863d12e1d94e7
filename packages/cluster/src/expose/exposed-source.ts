/** What `kubectl expose` reads of the object that it exposes. Source: kubectl, pkg/polymorphichelpers. */
import type { Container, KubernetesObject, Pod, PodSpec, Service, Workload } from '@shunt/model';
import { type Refusal, refuse } from './kubectl-error.js';
import type { Labels } from './label-text.js';

export type ExposedSource = Pod | Service | Workload;

const KINDS: ReadonlySet<string> = new Set([
  'Pod',
  'Service',
  'ReplicationController',
  'Deployment',
  'ReplicaSet',
]);

export function canBeExposed(source: KubernetesObject): source is ExposedSource {
  return KINDS.has(source.kind);
}

/** The labels of the Pods behind an object, as it selects them; `{}` of one that selects none. */
export function selectorOfSource(
  source: ExposedSource,
): { readonly error: null; readonly selector: Labels } | Refusal {
  switch (source.kind) {
    case 'Pod': {
      const { labels = {} } = source.metadata;
      if (isEmpty(labels)) {
        return refuse('podHasNoLabels', introspection('the pod has no labels and cannot be exposed'));
      }
      return { error: null, selector: labels };
    }
    case 'Service': {
      const { selector } = source.spec ?? {};
      if (!selector) return refuse('noSelector', introspection('the service has no pod selector set'));
      return { error: null, selector };
    }
    case 'ReplicationController':
      return { error: null, selector: (source.spec?.selector ?? {}) as Labels };
    default:
      return selectorOfApp(source);
  }
}

/** Of a Deployment or ReplicaSet: pairs alone, since a Service cannot select by expressions. */
function selectorOfApp({
  kind,
  spec,
}: Workload): { readonly error: null; readonly selector: Labels } | Refusal {
  const { matchLabels = {}, matchExpressions = [] } = (spec?.selector ?? {}) as {
    readonly matchLabels?: Labels;
    readonly matchExpressions?: readonly unknown[];
  };
  // kubectl asks for pairs first: a selector of expressions alone is none to it.
  if (isEmpty(matchLabels)) {
    const words = `invalid ${kind.toLowerCase()}: no selectors, therefore cannot be exposed`;
    return refuse('noSelector', introspection(words));
  }
  if (!Array.isArray(matchExpressions) || matchExpressions.length > 0) {
    const words = `couldn't convert expressions - ${JSON.stringify(matchExpressions)} to map-based selector format`;
    return refuse('selectorNotMapBased', introspection(words));
  }
  return { error: null, selector: matchLabels };
}

/**
 * The ports of an object by number, first seen first, with the different protocols that they are written
 * with. Ports of init containers do not count.
 */
export function portsOfSource(source: ExposedSource): ReadonlyMap<string, readonly string[]> {
  const ports = new Map<string, string[]>();
  for (const { number, protocol } of source.kind === 'Service' ? portsOf(source) : containerPortsOf(source)) {
    const protocols = ports.get(String(number));
    if (protocols === undefined) ports.set(String(number), [protocol]);
    else if (!protocols.includes(protocol)) protocols.push(protocol);
  }
  return ports;
}

interface SourcePort {
  readonly number: number;
  readonly protocol: string;
}

function portsOf({ spec }: Service): SourcePort[] {
  return (spec?.ports ?? []).map(({ port, protocol }) => ({ number: port, protocol: protocol || 'TCP' }));
}

function containerPortsOf(source: Pod | Workload): SourcePort[] {
  const podSpec: PodSpec | undefined = source.kind === 'Pod' ? source.spec : source.spec?.template?.spec;
  const containers: readonly Container[] = podSpec?.containers ?? [];
  return containers.flatMap(({ ports = [] }) =>
    ports.map(({ containerPort, protocol }) => ({ number: containerPort, protocol: protocol || 'TCP' })),
  );
}

function introspection(words: string): string {
  return `couldn't retrieve selectors via --selector flag or introspection: ${words}`;
}

function isEmpty(labels: Labels): boolean {
  return Object.keys(labels).length === 0;
}
