import { parseAddress } from '../address.js';
import { parseCidr } from '../cidr.js';

/**
 * What a plain value must look like: data, not code, so that one checker serves Kubernetes objects,
 * configuration files and test cases. A missing or null field is absent everywhere.
 */
export type Shape =
  | AnythingShape
  | ObjectShape
  | ListShape
  | MapShape
  | TextShape
  | IntegerShape
  | BooleanShape
  | ChoiceShape
  | IntOrStringShape;

export interface AnythingShape {
  readonly is: 'anything';
}
export interface ObjectShape {
  readonly is: 'object';
  readonly fields: ReadonlyMap<string, Shape>;
  readonly required: readonly string[];
  /** Fields that are not listed are let pass as they are. */
  readonly open: boolean;
}
export interface ListShape {
  readonly is: 'list';
  readonly item: Shape;
}
export interface MapShape {
  readonly is: 'map';
  readonly value: Shape;
}
export interface TextShape {
  readonly is: 'text';
  /** What a right text is: "an IP address". */
  readonly expected: string;
  readonly accepts: ((text: string) => boolean) | null;
}
export interface IntegerShape {
  readonly is: 'integer';
  readonly min: number;
  readonly max: number;
}
export interface BooleanShape {
  readonly is: 'boolean';
}
export interface ChoiceShape {
  readonly is: 'choice';
  readonly values: readonly (string | number | boolean)[];
}
export interface IntOrStringShape {
  readonly is: 'int-or-string';
  readonly min: number;
  readonly max: number;
}

/** Any value, also null inside of it; nothing in it is looked at. */
export function anything(): AnythingShape {
  return { is: 'anything' };
}

/**
 * A mapping with known fields.
 * @param options.required - fields that must be there and not null
 * @param options.open - let fields pass that are not listed (default: they are unknown)
 */
export function object(
  fields: Readonly<Record<string, Shape>>,
  options: { readonly required?: readonly string[]; readonly open?: boolean } = {},
): ObjectShape {
  const { required = [], open = false } = options;
  return { is: 'object', fields: new Map(Object.entries(fields)), required, open };
}

export function list(item: Shape): ListShape {
  return { is: 'list', item };
}

/** Fields that are known by their names, which stand with blanks between them, whatever is in them. */
export function unread(names: string): Readonly<Record<string, Shape>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, anything()]));
}

/** A mapping from free keys to values of one shape. */
export function mapOf(value: Shape): MapShape {
  return { is: 'map', value };
}

export function string(): TextShape {
  return { is: 'text', expected: 'a string', accepts: null };
}

/** A string with a rule of its own, which must not throw. */
export function text(expected: string, accepts: (text: string) => boolean): TextShape {
  return { is: 'text', expected, accepts };
}

/** A whole number, both ends included. */
export function integer(
  min: number = Number.NEGATIVE_INFINITY,
  max: number = Number.POSITIVE_INFINITY,
): IntegerShape {
  return { is: 'integer', min, max };
}

export function boolean(): BooleanShape {
  return { is: 'boolean' };
}

/** One of some values, compared exactly. */
export function oneOf(...values: readonly (string | number | boolean)[]): ChoiceShape {
  return { is: 'choice', values };
}

/** Kubernetes' IntOrString: a name, or a whole number with both ends included. */
export function intOrString(min: number, max: number): IntOrStringShape {
  return { is: 'int-or-string', min, max };
}

/**
 * An IP address as kube-proxy reads it (leading zeros are decimal), or one of the given words.
 * @param words - such as `None`, or the empty string
 */
export function ipAddress(...words: readonly string[]): TextShape {
  const expected = ['an IP address', ...words.map((word) => JSON.stringify(word))].join(' or ');
  return text(expected, (value) => parseAddress(value) !== null || words.includes(value));
}

/** An address range `address/prefix` as kube-proxy reads it, or one of the given words. */
export function cidr(...words: readonly string[]): TextShape {
  const expected = ['a CIDR such as 10.0.0.0/8', ...words.map((word) => JSON.stringify(word))].join(' or ');
  return text(expected, (value) => parseCidr(value) !== null || words.includes(value));
}

/** {@link cidr} with blanks around it, which kube-proxy trims. */
export function trimmedCidr(): TextShape {
  return text('a CIDR such as 10.0.0.0/8', (value) => parseCidr(value.trim()) !== null);
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** A point in time as RFC 3339 writes it. */
export function timestamp(): TextShape {
  return text('an RFC 3339 time such as 2024-01-31T12:00:00Z', (value) => RFC3339.test(value));
}

/** The name of an object or a namespace: any that can stand in a path of the Kubernetes API. */
export function objectName(): TextShape {
  return text('a name (lower-case letters, digits, "-" and ".")', isObjectName);
}

// The API's least rule for names (path segment names); stricter ones differ by kind and are admission's.
function isObjectName(value: string): boolean {
  return value !== '' && value !== '.' && value !== '..' && !value.includes('/') && !value.includes('%');
}

export const INT32_MIN = -0x80000000;
export const INT32_MAX = 0x7fffffff;

const INT32 = integer(INT32_MIN, INT32_MAX);

/**
 * What decoding alone asks of a value of a shape: types and known fields, but no choices, ranges and
 * required fields. Whoever checks an object's meaning starts from here.
 * @param required - fields that are asked for nevertheless, such as `metadata`
 */
export function structureOf(shape: ObjectShape, required: readonly string[]): ObjectShape {
  return { ...looseObject(shape), required };
}

function loose(shape: Shape): Shape {
  switch (shape.is) {
    case 'object':
      return looseObject(shape);
    case 'list':
      return list(loose(shape.item));
    case 'map':
      return mapOf(loose(shape.value));
    case 'text':
      return string();
    case 'integer':
      return INT32;
    case 'int-or-string':
      return intOrString(INT32.min, INT32.max);
    case 'choice':
      return shape.values.every((value) => typeof value === 'string') ? string() : shape;
    default:
      return shape;
  }
}

function looseObject(shape: ObjectShape): ObjectShape {
  const fields = new Map([...shape.fields].map(([name, field]) => [name, loose(field)]));
  return { ...shape, fields, required: [] };
}
