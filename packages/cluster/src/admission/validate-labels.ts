import { type FieldError, invalid } from '../field-error.js';
import { labelValueProblems, qualifiedNameProblems } from './name-syntax.js';

/**
 * What is wrong with labels or a selector; errors are at the map's own path (semantics 6.3, 6.13).
 * Source: ValidateLabels, k8s.io/apimachinery/pkg/apis/meta/v1/validation.
 */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  field: string,
): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...qualifiedNameProblems(key).map((problem) => invalid(field, key, problem)),
    ...labelValueProblems(value).map((problem) => invalid(field, value, problem)),
  ]);
}
