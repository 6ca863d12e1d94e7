import type { Diagnostic, DiagnosticCode, ObjectReference } from '@shunt/model';

/**
 * What the API server says of a field that it refuses, in its words.
 * Source: k8s.io/apimachinery/pkg/util/validation/field/errors.go.
 */
export interface FieldError {
  readonly type: FieldErrorType;
  /** As the API server writes it: `spec.ports[0].port`, `metadata.annotations[key]`. */
  readonly field: string;
  /** The refused value; left out of Required, Forbidden and InternalError messages. */
  readonly value?: unknown;
  /** What would be right; also where the API server says nothing. */
  readonly detail: string;
}

export type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'Forbidden'
  | 'NotSupported'
  | 'Duplicate'
  | 'TooLong'
  | 'InternalError';

export function required(field: string, detail: string): FieldError {
  return { type: 'Required', field, detail };
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return { type: 'Invalid', field, value, detail };
}

export function forbidden(field: string, detail: string): FieldError {
  return { type: 'Forbidden', field, detail };
}

/** @param supported - the values that are allowed */
export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((it) => JSON.stringify(it)).join(', ');
  return { type: 'NotSupported', field, value, detail: `supported values: ${list}` };
}

export function duplicate(field: string, value: unknown, detail: string): FieldError {
  return { type: 'Duplicate', field, value, detail };
}

/** @param maxBytes - how long the value may be; the value itself is not shown */
export function tooLong(field: string, maxBytes: number): FieldError {
  return { type: 'TooLong', field, detail: `may not be more than ${maxBytes} bytes` };
}

/** A failure that is no fault of the field: the API answers it with status 500. */
export function internalError(field: string, detail: string): FieldError {
  return { type: 'InternalError', field, detail };
}

const WORDS: Readonly<Record<FieldErrorType, string>> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  Forbidden: 'Forbidden',
  NotSupported: 'Unsupported value',
  Duplicate: 'Duplicate value',
  TooLong: 'Too long',
  InternalError: 'Internal error',
};

const CODES: Readonly<Record<FieldErrorType, DiagnosticCode>> = {
  Required: 'required',
  Invalid: 'invalid',
  Forbidden: 'forbidden',
  NotSupported: 'not-supported',
  Duplicate: 'duplicate',
  TooLong: 'invalid',
  InternalError: 'internal',
};

/** `Invalid value: 0: must be between 1 and 65535, inclusive`: the API server's message without the field. */
export function fieldErrorMessage({ type, value, detail }: FieldError): string {
  const shown = value === undefined ? '' : `: ${JSON.stringify(value)}`;
  return `${WORDS[type]}${shown}${detail === '' ? '' : `: ${detail}`}`;
}

/** The error as a problem of an object. The caller adds where the object was written. */
export function fieldErrorDiagnostic(error: FieldError, object: ObjectReference): Diagnostic {
  return {
    severity: 'error',
    code: CODES[error.type],
    message: fieldErrorMessage(error),
    object: { ...object, path: error.field },
  };
}
