/** Pods that a selector misses by little: what a person who wrote the selector most likely meant. */
import { closestName, formatFieldPath, namespaceOf, type Pod } from '@shunt/model';
import { isDone } from './pod.js';
import { matchesLabels } from './selector.js';

type Labels = Readonly<Record<string, string>>;

/** A Pod that is not selected, though nearly. */
export interface NearMiss {
  readonly pod: Pod;
  /** What keeps it out, after "it": `has tier=frontend, not tier=front`. */
  readonly text: string;
  /** The field of the Pod that differs. */
  readonly path: string;
  /** Whether it looks like a mistake: all that differs is a misspelt key or value. */
  readonly misspelt: boolean;
}

/** How the labels of one Pod differ from a selector. */
export interface LabelDifferences {
  readonly pod: Pod;
  readonly differences: readonly LabelDifference[];
  /** The sum over the differences: less is nearer. */
  readonly cost: number;
}

export interface LabelDifference {
  /** The pair that the selector asks. */
  readonly key: string;
  readonly value: string;
  /** The label that comes nearest; `null` when there is none. */
  readonly found: { readonly key: string; readonly value: string } | null;
  readonly cost: number;
}

const MISSPELT = 1;
/** Another value, but of the same name: `front` and `frontend`; or the value under a kindred key. */
const KINDRED = 2;
const OTHER_VALUE = 3;
const NO_LABEL = 4;

/** Keys by which people name one application: Pods made for one of them are often selected by another. */
const APPLICATION_KEYS: ReadonlySet<string> = new Set([
  'app',
  'k8s-app',
  'name',
  'run',
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
]);

/** `app=web,tier=front`: as kubectl shows a selector, by key. */
export function selectorText(selector: Labels): string {
  return Object.keys(selector)
    .sort()
    .map((key) => `${key}=${selector[key]}`)
    .join(',');
}

/** What a Pod's labels lack of a selector; no differences: it matches. */
export function labelDifferences(selector: Labels, pod: Pod): LabelDifferences {
  const labels = pod.metadata.labels ?? {};
  const differences: LabelDifference[] = [];
  let cost = 0;
  for (const [key, value] of Object.entries(selector)) {
    if (Object.hasOwn(labels, key) && labels[key] === value) continue;
    const difference = differenceAt(key, value, labels, selector);
    differences.push(difference);
    cost += difference.cost;
  }
  return { pod, differences, cost };
}

function differenceAt(key: string, value: string, labels: Labels, selector: Labels): LabelDifference {
  const own = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (own !== undefined) {
    const cost = isMisspelt(value, own) ? MISSPELT : isPartOf(value, own) ? KINDRED : OTHER_VALUE;
    return { key, value, found: { key, value: own }, cost };
  }
  const free = Object.keys(labels).filter((it) => labels[it] === value && !Object.hasOwn(selector, it));
  const meant = closestName(key, free);
  if (meant !== null) return { key, value, found: { key: meant, value }, cost: MISSPELT };
  const kindred = APPLICATION_KEYS.has(key) ? free.find((it) => APPLICATION_KEYS.has(it)) : undefined;
  if (kindred !== undefined) return { key, value, found: { key: kindred, value }, cost: KINDRED };
  return { key, value, found: null, cost: NO_LABEL };
}

// `web-1` is not a misspelt `web-2`: numbers are told apart on purpose.
function isMisspelt(asked: string, found: string): boolean {
  return closestName(asked, [found]) !== null && asked.replace(/\d/g, '') !== found.replace(/\d/g, '');
}

function isPartOf(asked: string, found: string): boolean {
  return asked !== '' && found !== '' && (asked.includes(found) || found.includes(asked));
}

/** Whether a Pod differs by one pair of several, or only by what looks like a mistake. */
export function isNear({ differences }: LabelDifferences, selector: Labels): boolean {
  if (differences.length === 0) return false;
  if (differences.every(({ cost }) => cost === MISSPELT)) return true;
  if (differences.length > 1) return false;
  return Object.keys(selector).length > 1 || differences.every(({ cost }) => cost <= KINDRED);
}

/** What the Pod has: `tier=frontend`, `no label "tier"`, `the label "tier", not "teir"`. */
export function foundText(difference: LabelDifference): string {
  const { key, found } = difference;
  if (found === null) return `no label "${key}"`;
  if (isOtherKey(difference)) return `the label "${found.key}", not "${key}"`;
  return `${key}=${found.value}`;
}

/** Whether the asked value is there, under another key. */
export function isOtherKey({ key, found }: LabelDifference): boolean {
  return found !== null && found.key !== key;
}

/**
 * The Pods that a selector misses by little, nearest first.
 * @param pods - of the namespace; those that match or are done are left out
 * @param otherPods - of other namespaces: those count that match in all pairs
 */
export function nearMisses(
  selector: Labels,
  namespace: string,
  pods: Iterable<Pod>,
  otherPods: Iterable<Pod>,
): NearMiss[] {
  const near: LabelDifferences[] = [];
  for (const pod of pods) {
    if (isDone(pod) || namespaceOf(pod) !== namespace) continue;
    const compared = labelDifferences(selector, pod);
    if (isNear(compared, selector)) near.push(compared);
  }
  near.sort((a, b) => a.cost - b.cost || (a.pod.metadata.name < b.pod.metadata.name ? -1 : 1));
  return [...near.map(nearMiss), ...elsewhere(selector, namespace, otherPods).map(misplaced(namespace))];
}

/** The Pods of other namespaces that match in all pairs. */
export function elsewhere(selector: Labels, namespace: string, otherPods: Iterable<Pod>): Pod[] {
  const found: Pod[] = [];
  for (const pod of otherPods) {
    if (namespaceOf(pod) !== namespace && !isDone(pod) && matchesLabels(selector, pod.metadata.labels))
      found.push(pod);
  }
  return found.sort((a, b) => (qualifiedName(a) < qualifiedName(b) ? -1 : 1));
}

/** `shop/web-1`. */
export function qualifiedName(pod: Pod): string {
  return `${namespaceOf(pod)}/${pod.metadata.name}`;
}

function nearMiss({ pod, differences }: LabelDifferences): NearMiss {
  const texts = differences.map((it) => {
    const asked = it.found === null || isOtherKey(it) ? '' : `, not ${it.key}=${it.value}`;
    return foundText(it) + asked;
  });
  const key = differences[0]?.found?.key;
  return {
    pod,
    text: `has ${texts.join(' and ')}`,
    path: formatFieldPath(['metadata', 'labels', ...(key === undefined ? [] : [key])]),
    misspelt: differences.every(({ cost }) => cost === MISSPELT),
  };
}

function misplaced(namespace: string): (pod: Pod) => NearMiss {
  return (pod) => ({
    pod,
    text: `has the labels, but is in namespace ${namespaceOf(pod)}, not ${namespace}`,
    path: 'metadata.namespace',
    misspelt: false,
  });
}
