/** What any object's metadata must be. Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go. */
import type { ObjectMeta, OwnerReference } from '@shunt/model';
import { type FieldError, forbidden, invalid, required, tooLong } from '../field-error.js';
import { dns1123LabelProblems, qualifiedNameProblems, utf8Length } from './name-syntax.js';
import { validateLabels } from './validate-labels.js';

type Annotations = Readonly<Record<string, string>> | undefined;

const MAX_ANNOTATIONS_BYTES = 256 * 1024;
const STANDARD_FINALIZERS: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion'];

/**
 * What is wrong with the metadata of a namespaced object (semantics 6.1 to 6.3).
 * @param nameProblems - the rule for names of its kind
 */
export function validateMetadata(
  metadata: ObjectMeta,
  nameProblems: (name: string) => string[],
): FieldError[] {
  const { name, generateName, namespace } = metadata;
  const errors: FieldError[] = [];
  if (generateName) {
    const problems = nameProblems(maskTrailingDash(generateName));
    errors.push(...problems.map((problem) => invalid('metadata.generateName', generateName, problem)));
  }
  if (name) errors.push(...nameProblems(name).map((problem) => invalid('metadata.name', name, problem)));
  else errors.push(required('metadata.name', 'name or generateName is required'));
  if (namespace) {
    const problems = dns1123LabelProblems(namespace);
    errors.push(...problems.map((problem) => invalid('metadata.namespace', namespace, problem)));
  } else {
    errors.push(required('metadata.namespace', 'must be the namespace that the object is in'));
  }
  errors.push(...validateNotes(metadata), ...validateFinalizers(metadata.finalizers ?? []));
  return errors;
}

/** What is wrong with the metadata of an update, as far as the stored object matters (semantics 7.1). */
export function validateMetadataUpdate(metadata: ObjectMeta, stored: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (stored.deletionTimestamp) errors.push(...validateNoNewFinalizers(metadata, stored));
  if (!metadata.resourceVersion) {
    const detail = 'must be specified for an update';
    errors.push(invalid('metadata.resourceVersion', metadata.resourceVersion ?? '', detail));
  }
  for (const key of ['name', 'namespace', 'uid'] as const) {
    const value = metadata[key] ?? '';
    if (value !== (stored[key] ?? '')) errors.push(invalid(`metadata.${key}`, value, 'field is immutable'));
  }
  for (const key of ['creationTimestamp', 'deletionTimestamp'] as const) {
    const value = metadata[key] ?? null;
    if (!isSameTime(value, stored[key] ?? null)) {
      errors.push(invalid(`metadata.${key}`, value, 'field is immutable'));
    }
  }
  errors.push(...validateNotes(metadata), ...validateFinalizerKinds(metadata.finalizers ?? []));
  return errors;
}

/** Labels, annotations and owners: creates and updates ask the same of them. */
function validateNotes({ labels, annotations, ownerReferences }: ObjectMeta): FieldError[] {
  return [
    ...validateLabels(labels, 'metadata.labels'),
    ...validateAnnotations(annotations),
    ...validateOwners(ownerReferences ?? []),
  ];
}

// Random letters follow a prefix, so that it may end with a dash. Two characters go for one, as upstream.
function maskTrailingDash(prefix: string): string {
  return prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
}

function validateAnnotations(annotations: Annotations): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    const problems = qualifiedNameProblems(key.toLowerCase());
    errors.push(...problems.map((problem) => invalid('metadata.annotations', key, problem)));
    bytes += utf8Length(key) + utf8Length(value);
  }
  if (bytes > MAX_ANNOTATIONS_BYTES) errors.push(tooLong('metadata.annotations', MAX_ANNOTATIONS_BYTES));
  return errors;
}

function validateOwners(owners: readonly OwnerReference[]): FieldError[] {
  const field = 'metadata.ownerReferences';
  const errors: FieldError[] = [];
  let controller: string | null = null;
  for (const owner of owners) {
    const { apiVersion = '', kind = '', name = '', uid = '' } = owner;
    const parts = apiVersion.split('/');
    if (parts.length > 2 || !parts.at(-1)) {
      errors.push(invalid(`${field}.apiVersion`, apiVersion, 'version must not be empty'));
    }
    if (kind === '') errors.push(invalid(`${field}.kind`, kind, 'must not be empty'));
    if (name === '') errors.push(invalid(`${field}.name`, name, 'must not be empty'));
    if (uid === '') errors.push(invalid(`${field}.uid`, uid, 'must not be empty'));
    if (apiVersion === 'v1' && kind === 'Event') {
      errors.push(invalid(field, owner, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (owner.controller !== true) continue;
    const found = `${kind}/${name}`;
    if (controller !== null) {
      const where = `Found "true" in references for ${controller} and ${found}`;
      errors.push(invalid(field, owners, `Only one reference can have Controller set to true. ${where}`));
    }
    controller ??= found;
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[]): FieldError[] {
  const field = 'metadata.finalizers';
  const errors = finalizers.flatMap((it) =>
    qualifiedNameProblems(it).map((problem) => invalid(field, it, problem)),
  );
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set';
    errors.push(invalid(field, finalizers, detail));
  }
  return [...errors, ...validateFinalizerKinds(finalizers)];
}

function validateFinalizerKinds(finalizers: readonly string[]): FieldError[] {
  return finalizers.flatMap((finalizer, i) => {
    if (finalizer.includes('/') || STANDARD_FINALIZERS.includes(finalizer)) return [];
    const detail = 'name is neither a standard finalizer name nor is it fully qualified';
    return [invalid(`metadata.finalizers[${i}]`, finalizer, detail)];
  });
}

function validateNoNewFinalizers(metadata: ObjectMeta, stored: ObjectMeta): FieldError[] {
  const added = new Set((metadata.finalizers ?? []).filter((it) => !stored.finalizers?.includes(it)));
  if (added.size === 0) return [];
  // The list is written as Go code, as the API server writes it.
  const found = [...added].sort().map((it) => JSON.stringify(it));
  const rule = 'no new finalizers can be added if the object is being deleted';
  const detail = `${rule}, found new finalizers []string{${found.join(', ')}}`;
  return [forbidden('metadata.finalizers', detail)];
}

// Times are instants: another zone or more digits are no change.
function isSameTime(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && Date.parse(a) === Date.parse(b));
}
