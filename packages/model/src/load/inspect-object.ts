import type { ObjectReference } from '../diagnostic.js';
import type { KubernetesObject, ObjectMeta } from '../kubernetes.js';
import { closestName } from '../shape/closest-name.js';
import { describe, findProblems, type ShapeProblem } from '../shape/find-problems.js';
import { isForeignApi, KNOWN_KINDS, type KnownKind, kindStructure } from './kinds.js';

/** What a value is that stands where an object is due. */
export type Inspection =
  /** Of a kind that is kept; `object` is null when a problem is an error. */
  | {
      readonly is: 'known';
      readonly object: KubernetesObject | null;
      readonly reference: ObjectReference | null;
      readonly problems: readonly ShapeProblem[];
    }
  /** Of another kind; `label` names it, with its API where the kind alone would mislead. */
  | { readonly is: 'ignored'; readonly label: string; readonly meant: string | null }
  /** No object at all. */
  | { readonly is: 'none'; readonly problem: ShapeProblem };

/**
 * Checks one value against the shape of its kind.
 * @param structureOnly - says of an object whether only its structure is looked at, because somebody
 *   else checks what its values mean
 */
export function inspectObject(
  value: unknown,
  structureOnly: (value: Readonly<Record<string, unknown>>) => boolean = () => false,
): Inspection {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return none('type', [], `expected a Kubernetes object with apiVersion and kind, got ${describe(value)}`);
  }
  const { kind, apiVersion } = value as Readonly<Record<string, unknown>>;
  if (typeof kind !== 'string' || kind === '') return badHead('kind', kind);
  if (typeof apiVersion !== 'string' || apiVersion === '') return badHead('apiVersion', apiVersion);
  const known = KNOWN_KINDS.get(kind);
  if (known === undefined)
    return { is: 'ignored', label: kind, meant: closestName(kind, KNOWN_KINDS.keys()) };
  if (apiVersion === known.apiVersion) {
    const loose = structureOnly(value as Readonly<Record<string, unknown>>);
    return inspectKnown(value as KubernetesObject, known, loose);
  }
  if (isForeignApi(apiVersion)) return { is: 'ignored', label: `${kind} (${apiVersion})`, meant: null };
  const message = `expected ${known.apiVersion}, the ${kind} that Shunt reads, got ${JSON.stringify(apiVersion)}`;
  const problem: ShapeProblem = {
    severity: 'error',
    code: 'value',
    path: ['apiVersion'],
    part: 'value',
    message,
  };
  return { is: 'known', object: null, reference: referenceOf(value, kind, known), problems: [problem] };
}

function inspectKnown(value: KubernetesObject, known: KnownKind, loose: boolean): Inspection {
  let problems = findProblems(loose ? kindStructure(value.kind, known) : known.shape, value, 'warning');
  let isRight = !problems.some(isError);
  if (isRight && !loose && known.refine !== undefined) {
    const refined = known.refine(value);
    isRight = refined.length === 0;
    if (!isRight) problems = [...problems, ...refined];
  }
  const reference = referenceOf(value, value.kind, known);
  return { is: 'known', object: isRight ? inItsScope(value, known) : null, reference, problems };
}

function isError(problem: ShapeProblem): boolean {
  return problem.severity === 'error';
}

function badHead(field: 'kind' | 'apiVersion', found: unknown): Inspection {
  if (found === undefined || found === null) return none('missing', [], `"${field}" is missing`);
  const example = field === 'kind' ? 'a kind such as Service' : 'an API version such as v1';
  return none('type', [field], `expected ${example}, got ${describe(found)}`);
}

function none(code: 'type' | 'missing', path: readonly string[], message: string): Inspection {
  return { is: 'none', problem: { severity: 'error', code, path, part: 'value', message } };
}

/** The reference to an object that may be broken: null when it has no usable name. */
function referenceOf(value: object, kind: string, known: KnownKind): ObjectReference | null {
  const { metadata } = value as { readonly metadata?: unknown };
  if (typeof metadata !== 'object' || metadata === null) return null;
  const { name, namespace } = metadata as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || name === '') return null;
  if (!known.namespaced) return { kind, name };
  return { kind, namespace: typeof namespace === 'string' && namespace !== '' ? namespace : 'default', name };
}

/** An empty namespace is none, and objects without a scope ignore theirs, as the API does. */
function inItsScope(value: KubernetesObject, known: KnownKind): KubernetesObject {
  const { namespace, ...rest } = value.metadata as ObjectMeta & { readonly namespace?: string | null };
  if (namespace === undefined || (known.namespaced && namespace !== '' && namespace !== null)) return value;
  return { ...value, metadata: rest };
}
