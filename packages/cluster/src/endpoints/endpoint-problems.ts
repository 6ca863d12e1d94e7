/** What is wrong with a Service's manifest, as seen from the Pods that it selects. */
import { type Diagnostic, type Node, namespaceOf, type Pod, referenceTo, type Service } from '@shunt/model';
import { nodeProblem } from './membership.js';
import { byName, nameList } from './name-list.js';
import {
  elsewhere,
  foundText,
  isNear,
  isOtherKey,
  type LabelDifferences,
  labelDifferences,
  qualifiedName,
  selectorText,
} from './near-misses.js';
import { isDone, podAddresses } from './pod.js';
import { selectorOf, selectsPods } from './selector.js';
import { findTargetPortProblems } from './target-port-problems.js';

export interface EndpointProblemsInput {
  /** The Pods that the Service selects: of its namespace, with all pairs of its selector. */
  readonly matching: Iterable<Pod>;
  /** All Pods of the Service's namespace; asked for only when none matches. */
  readonly namespacePods: () => Iterable<Pod>;
  /** Pods of other namespaces, of which those count that the selector matches; asked for like the others. */
  readonly otherPods?: () => Iterable<Pod>;
  readonly nodeOf: (name: string) => Node | undefined;
  /** Whether any Node is known: without, no Pod is said to miss its own. */
  readonly hasNodes: boolean;
  /** Of the namespace's Pods, how many are compared with a selector that matches none; default 1,000. */
  readonly maxCompared?: number;
}

const MAX_COMPARED = 1000;
const MAX_DIFFERENCES = 3;

/**
 * Finds a selector that matches no Pod (warning `selector`), named target ports that Pods lack, and Pods
 * whose Node is missing (`endpoints`; an error when no Pod has the port). Pods that are not ready are no
 * problem of a manifest. Nothing to say of Services that select no Pods.
 */
export function findEndpointProblems(service: Service, input: EndpointProblemsInput): Diagnostic[] {
  const selector = selectorOf(service);
  if (selector === null || !selectsPods(service)) return [];
  const matching = byName(input.matching);
  if (matching.length === 0) {
    const object = referenceTo(service, 'spec.selector');
    return [
      { severity: 'warning', code: 'selector', message: noMatchMessage(service, selector, input), object },
    ];
  }
  const pods = matching.filter((pod) => !isDone(pod));
  return [...findTargetPortProblems(service, pods), ...findNodeProblems(service, pods, input)];
}

function noMatchMessage(
  service: Service,
  selector: Readonly<Record<string, string>>,
  { namespacePods, otherPods, maxCompared = MAX_COMPARED }: EndpointProblemsInput,
): string {
  const namespace = namespaceOf(service);
  const others = elsewhere(selector, namespace, otherPods?.() ?? []);
  const nearest = nearestText(selector, namespacePods(), maxCompared, others.length > 0);
  const hints = [nearest, othersText(others)].filter((it) => it !== '');
  const hint = hints.length === 0 ? '' : `: ${hints.join('; ')}`;
  return `no Pod in namespace ${namespace} matches ${selectorText(selector)}${hint}`;
}

/** @param onlyNear - whether a Pod that is nearest, but not near, is not worth naming */
function nearestText(
  selector: Readonly<Record<string, string>>,
  pods: Iterable<Pod>,
  maxCompared: number,
  onlyNear: boolean,
): string {
  let nearest: LabelDifferences | null = null;
  let count = 0;
  for (const pod of pods) {
    if (++count > maxCompared) break;
    const compared = labelDifferences(selector, pod);
    if (nearest === null || isNearer(compared, nearest)) nearest = compared;
  }
  if (nearest !== null && isNear(nearest, selector)) return differencesText(nearest);
  if (onlyNear) return '';
  if (nearest === null) return 'the namespace has no Pods';
  if (nearest.differences.some(({ found }) => found !== null)) return differencesText(nearest);
  if (count > maxCompared) return '';
  const keys = Object.keys(selector);
  const labels = keys.length === 1 ? `the label "${keys[0]}"` : 'any of these labels';
  return count === 1
    ? `the only Pod there does not have ${labels}`
    : `none of its ${count} Pods has ${labels}`;
}

function isNearer(a: LabelDifferences, b: LabelDifferences): boolean {
  return a.cost === b.cost ? a.pod.metadata.name < b.pod.metadata.name : a.cost < b.cost;
}

function differencesText({ pod, differences }: LabelDifferences): string {
  const { name } = pod.metadata;
  const has = `has ${differences.slice(0, MAX_DIFFERENCES).map(foundText).join(' and ')}`;
  return differences.every(isOtherKey) ? `${name} ${has}` : `the nearest, ${name}, ${has}`;
}

function othersText(pods: readonly Pod[]): string {
  const [first] = pods;
  if (first === undefined) return '';
  return pods.length === 1
    ? `Pod ${first.metadata.name} in namespace ${namespaceOf(first)} does`
    : `Pods of other namespaces do: ${nameList(pods.map(qualifiedName))}`;
}

// A Pod without an address is not left out for its node.
function findNodeProblems(
  service: Service,
  pods: readonly Pod[],
  { nodeOf, hasNodes }: EndpointProblemsInput,
): Diagnostic[] {
  if (!hasNodes || service.spec.publishNotReadyAddresses) return [];
  const without = pods.filter((pod) => podAddresses(pod).length > 0 && nodeProblem(pod, nodeOf) !== null);
  const [first] = without;
  if (first === undefined) return [];
  const name = first.spec?.nodeName;
  const example = `${first.metadata.name} ${name ? `runs on ${name}` : 'has no spec.nodeName'}`;
  const are =
    without.length === 1
      ? `1 of ${pods.length} selected Pods is no endpoint, since its Node is`
      : `${without.length} of ${pods.length} selected Pods are no endpoints, since their Nodes are`;
  const message = `${are} not among the manifests: ${example}`;
  return [{ severity: 'warning', code: 'endpoints', message, object: referenceTo(service, 'spec.selector') }];
}
