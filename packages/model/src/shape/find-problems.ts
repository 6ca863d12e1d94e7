import type { Diagnostic } from '../diagnostic.js';
import { type FieldPath, formatFieldPath } from '../source/field-path.js';
import type { FieldPart } from '../source/source-document.js';
import { closestName } from './closest-name.js';
import {
  INT32_MAX,
  INT32_MIN,
  type IntegerShape,
  type IntOrStringShape,
  type ObjectShape,
  type Shape,
} from './shape.js';

/** One place where a value does not have its shape. */
export interface ShapeProblem {
  readonly severity: Diagnostic['severity'];
  readonly code: 'type' | 'value' | 'missing' | 'unknown-field';
  readonly path: FieldPath;
  /** Which part of the field at `path` to point at. */
  readonly part: FieldPart;
  /** What is wrong and what would be right; does not repeat the path. */
  readonly message: string;
}

/**
 * Compares a value with a shape. On the way through a right value nothing is allocated: paths are
 * made for problems only.
 * @param unknownFields - how bad a field is that the shape does not know
 */
export function findProblems(
  shape: Shape,
  value: unknown,
  unknownFields: Diagnostic['severity'],
): ShapeProblem[] {
  const finder = new ProblemFinder(unknownFields);
  finder.visit(shape, value, 0);
  return finder.problems;
}

class ProblemFinder {
  readonly problems: ShapeProblem[] = [];
  readonly #unknownFields: Diagnostic['severity'];
  /** The way to the value in hand; only the first `depth` parts count. */
  readonly #way: (string | number)[] = [];

  constructor(unknownFields: Diagnostic['severity']) {
    this.#unknownFields = unknownFields;
  }

  visit(shape: Shape, value: unknown, depth: number): void {
    switch (shape.is) {
      case 'anything':
        break;
      case 'object':
        if (isMapping(value)) this.#visitFields(shape, value, depth);
        else this.#wrong('type', 'an object', value, depth);
        break;
      case 'list':
        if (Array.isArray(value)) this.#visitItems(shape.item, value, depth);
        else this.#wrong('type', 'a list', value, depth);
        break;
      case 'map':
        if (isMapping(value)) this.#visitEntries(shape.value, value, depth);
        else this.#wrong('type', 'an object', value, depth);
        break;
      case 'text':
        if (typeof value !== 'string') this.#wrong('type', shape.expected, value, depth);
        else if (shape.accepts?.(value) === false) this.#wrong('value', shape.expected, value, depth);
        break;
      case 'boolean':
        if (typeof value !== 'boolean') this.#wrong('type', 'true or false', value, depth);
        break;
      case 'integer':
      case 'int-or-string':
        if (typeof value === 'string' && shape.is === 'int-or-string') break;
        if (!Number.isInteger(value)) this.#wrong('type', expectedInteger(shape), value, depth);
        else if ((value as number) < shape.min || (value as number) > shape.max) {
          this.#wrong('value', expectedInteger(shape), value, depth);
        }
        break;
      case 'choice':
        if (!shape.values.includes(value as string)) this.#wrongChoice(shape.values, value, depth);
    }
  }

  #visitFields(shape: ObjectShape, value: Mapping, depth: number): void {
    for (const name in value) {
      const field = value[name];
      const fieldShape = shape.fields.get(name);
      this.#way[depth] = name;
      if (fieldShape === undefined) {
        if (!shape.open) this.#unknownField(shape, depth + 1);
      } else if (field !== null && field !== undefined) {
        this.visit(fieldShape, field, depth + 1);
      }
    }
    for (const name of shape.required) {
      if (value[name] === null || value[name] === undefined) this.#missing(name, depth);
    }
  }

  #visitItems(item: Shape, value: readonly unknown[], depth: number): void {
    for (let i = 0; i < value.length; i++) {
      this.#way[depth] = i;
      this.visit(item, value[i], depth + 1);
    }
  }

  #visitEntries(shape: Shape, value: Mapping, depth: number): void {
    for (const name in value) {
      const entry = value[name];
      this.#way[depth] = name;
      if (entry !== null && entry !== undefined) this.visit(shape, entry, depth + 1);
    }
  }

  #wrongChoice(values: readonly (string | number | boolean)[], value: unknown, depth: number): void {
    const [first] = values;
    const words = values.map((word) => String(word));
    const meant = typeof value === 'string' ? closestName(value, words) : null;
    const hint = meant === null ? '' : `; did you mean ${meant}?`;
    const code = typeof value === typeof first ? 'value' : 'type';
    const expected = words.length === 1 ? words[0] : `one of ${words.join(', ')}`;
    this.#add(code, depth, 'value', `expected ${expected}, got ${describe(value)}${hint}`);
  }

  #wrong(code: 'type' | 'value', expected: string, value: unknown, depth: number): void {
    this.#add(code, depth, 'value', `expected ${expected}, got ${describe(value)}${hint(expected, value)}`);
  }

  #missing(name: string, depth: number): void {
    this.#add('missing', depth, 'value', `"${name}" is missing`);
  }

  #unknownField(shape: ObjectShape, depth: number): void {
    const path = this.#way.slice(0, depth);
    const meant = closestName(String(path[depth - 1]), shape.fields.keys());
    const hint = meant === null ? '' : `; did you mean "${formatFieldPath([...path.slice(0, -1), meant])}"?`;
    const message = `unknown field ${JSON.stringify(formatFieldPath(path))}${hint}`;
    this.problems.push({ severity: this.#unknownFields, code: 'unknown-field', path, part: 'key', message });
  }

  #add(code: 'type' | 'value' | 'missing', depth: number, part: FieldPart, message: string): void {
    this.problems.push({ severity: 'error', code, path: this.#way.slice(0, depth), part, message });
  }
}

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function expectedInteger({ is, min, max }: IntegerShape | IntOrStringShape): string {
  const name = is === 'integer' ? '' : 'a name or ';
  if (min === INT32_MIN && max === INT32_MAX) return `${name}an integer of 32 bits`;
  if (Number.isFinite(min) && Number.isFinite(max)) return `${name}an integer ${min}..${max}`;
  if (Number.isFinite(min)) return `${name}an integer from ${min} on`;
  return Number.isFinite(max) ? `${name}an integer up to ${max}` : `${name}an integer`;
}

const MAX_QUOTED = 60;

/** A found value in a few words: `the string "80"`, `a list`. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'string':
      return `the string ${JSON.stringify(value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}...` : value)}`;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      return 'an object';
    default:
      return typeof value === 'undefined' ? 'nothing' : `a ${typeof value}`;
  }
}

/** How to write what was meant, where the mistake is a well-known one. */
function hint(expected: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '';
  const found = String(value);
  if (expected === 'a list' && found.startsWith('-')) {
    return ` (a list item needs a blank after the dash: "- ${found.slice(1)}")`;
  }
  if (typeof value !== 'string') return expected === 'a string' ? ` (write "${found}" with quotes)` : '';
  const isDigits = expected.startsWith('an integer') && /^\d+$/.test(found);
  return isDigits ? ` (write ${found} without quotes)` : '';
}
