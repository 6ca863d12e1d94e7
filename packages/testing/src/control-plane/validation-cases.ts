import { validateService, validateServiceUpdate, withoutNulls } from '@shunt/cluster';
import { checkStructure, type Service, shape } from '@shunt/model';
import type { CaseKind, Check, ControlPlaneCase } from './case-kind.js';
import { asSet, differenceOf } from './compare.js';

/** An error as a case expects it: what it says beyond that is not looked at. */
interface ExpectedError {
  readonly type: string;
  readonly field: string;
}

/** What the API server says of one Service, after defaulting and without anything allocated. */
export interface ValidationCase extends ControlPlaneCase {
  readonly op: 'create' | 'update';
  readonly object: WrittenObject;
  /** The object before; of an update only, which must have it. */
  readonly old?: WrittenObject;
  /** In any order, each as often as it is given. */
  readonly errors: readonly ExpectedError[];
}

interface WrittenObject {
  readonly metadata: Readonly<Record<string, unknown>>;
}

const { list, object, oneOf, string } = shape;

const service = object(
  { kind: oneOf('Service'), metadata: object({}, { open: true }) },
  { required: ['kind', 'metadata'], open: true },
);

const errorTypes = oneOf(
  'Required',
  'Invalid',
  'Forbidden',
  'NotSupported',
  'Duplicate',
  'TooLong',
  'InternalError',
);

export const validationCases: CaseKind<ValidationCase> = {
  kind: 'validation',
  marks: ['op', 'errors', 'old'],
  shape: object(
    {
      name: string(),
      source: string(),
      note: string(),
      op: oneOf('create', 'update'),
      object: service,
      old: service,
      errors: list(object({ type: errorTypes, field: string() }, { required: ['type', 'field'] })),
    },
    { required: ['name', 'op', 'object', 'errors'] },
  ),
  run: runValidationCase,
};

function runValidationCase({ op, object, old, errors }: ValidationCase): readonly Check[] {
  if ((op === 'update') !== (old !== undefined)) {
    return [{ what: 'old', difference: `"old" belongs to an update, and an update needs it; op is ${op}` }];
  }
  const after = readService(object);
  const before = old === undefined ? null : readService(old);
  const unreadable = [...whyUnreadable('object', after), ...whyUnreadable('old', before)];
  if (unreadable.length > 0) return unreadable;
  const found =
    before === null
      ? validateService(after as Service)
      : validateServiceUpdate(after as Service, before as Service);
  const said = found.map(({ type, field }) => ({ type, field }));
  return [{ what: 'errors', difference: differenceOf(asSet(errors), asSet(said)) }];
}

/** @returns what is wrong with the object's structure, when something is */
function readService(written: WrittenObject): Service | string {
  // Validation itself has a word for an object without a name.
  const metadata = { name: '', ...withoutNulls(written.metadata) };
  const { object, diagnostics } = checkStructure(withoutNulls({ apiVersion: 'v1', ...written, metadata }));
  if (object !== null) return object as Service;
  return diagnostics.map(({ message }) => message).join('; ');
}

function whyUnreadable(what: string, read: Service | string | null): Check[] {
  return typeof read === 'string' ? [{ what, difference: read }] : [];
}
