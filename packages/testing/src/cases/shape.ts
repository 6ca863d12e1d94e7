/** Checks of plain data against a shape: small functions that combine, each naming what is wrong and where. */
import { type DiagnosticCode, type FieldPath, formatFieldPath } from '@shunt/model';

/** One thing that is wrong with a value. */
export interface ShapeProblem {
  readonly path: FieldPath;
  /** Whether the key is at fault rather than its value. */
  readonly part: 'key' | 'value';
  readonly code: DiagnosticCode;
  readonly message: string;
}

export type Report = (problem: ShapeProblem) => void;
export type Shape = (value: unknown, path: FieldPath, report: Report) => void;

/** An object with these keys and no others. */
export function object(shapes: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape {
  return (value, path, report) => {
    if (!isObject(value)) return report(typeProblem(path, 'an object', value));
    for (const key of required) {
      if (value[key] === undefined) {
        report({ path, part: 'value', code: 'missing', message: `"${key}" is missing${within(path)}` });
      }
    }
    for (const [key, item] of Object.entries(value)) {
      const shape = Object.hasOwn(shapes, key) ? shapes[key] : undefined;
      if (shape !== undefined) shape(item, [...path, key], report);
      else report(unknownKey([...path, key], Object.keys(shapes)));
    }
  };
}

/** An object whose keys are free. */
export function dictionary(shape: Shape): Shape {
  return (value, path, report) => {
    if (!isObject(value)) return report(typeProblem(path, 'an object', value));
    for (const [key, item] of Object.entries(value)) shape(item, [...path, key], report);
  };
}

export function list(shape: Shape, minLength = 0): Shape {
  return (value, path, report) => {
    if (!Array.isArray(value)) return report(typeProblem(path, 'a list', value));
    if (value.length < minLength) {
      report({ path, part: 'value', code: 'empty', message: `"${formatFieldPath(path)}" must not be empty` });
    }
    for (let i = 0; i < value.length; i++) shape(value[i], [...path, i], report);
  };
}

export function nullable(shape: Shape): Shape {
  return (value, path, report) => void (value !== null && shape(value, path, report));
}

export const text: Shape = (value, path, report) => {
  if (typeof value !== 'string') report(typeProblem(path, 'a string', value));
};

export const truth: Shape = (value, path, report) => {
  if (typeof value !== 'boolean') report(typeProblem(path, 'true or false', value));
};

export function integer(min: number, max: number): Shape {
  return (value, path, report) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      report(typeProblem(path, 'an integer', value));
    } else if (value < min || value > max) {
      report(valueProblem(path, `an integer from ${min} to ${max}`, value));
    }
  };
}

export function oneOf(...words: readonly string[]): Shape {
  return (value, path, report) => {
    if (!words.includes(value as string)) report(valueProblem(path, `one of ${words.join(', ')}`, value));
  };
}

/** A string that `accepts` takes. */
export function textThat(accepts: (value: string) => boolean, expected: string): Shape {
  return (value, path, report) => {
    if (typeof value !== 'string') report(typeProblem(path, expected, value));
    else if (!accepts(value)) report(valueProblem(path, expected, value));
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function valueProblem(path: FieldPath, expected: string, got: unknown): ShapeProblem {
  return { path, part: 'value', code: 'value', message: expectation(path, expected, got) };
}

function typeProblem(path: FieldPath, expected: string, got: unknown): ShapeProblem {
  return { path, part: 'value', code: 'type', message: expectation(path, expected, got) };
}

function unknownKey(path: FieldPath, known: readonly string[]): ShapeProblem {
  const message = `"${formatFieldPath(path)}" is not known here; known are ${known.join(', ')}`;
  return { path, part: 'key', code: 'unknown-field', message };
}

function expectation(path: FieldPath, expected: string, got: unknown): string {
  const title = path.length === 0 ? 'the case' : `"${formatFieldPath(path)}"`;
  return `${title} must be ${expected}, got ${describe(got)}`;
}

function within(path: FieldPath): string {
  return path.length === 0 ? '' : ` in "${formatFieldPath(path)}"`;
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : JSON.stringify(value);
}
