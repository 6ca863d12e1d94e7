import {
  anything,
  boolean,
  integer,
  list,
  mapOf,
  type ObjectShape,
  object,
  objectName,
  type Shape,
  string,
  structureOf,
  text,
  timestamp,
} from './shape.js';

/** meta/v1 ObjectMeta, with the fields that servers of old still send. */
const objectMeta: ObjectShape = object(
  {
    name: objectName(),
    namespace: text('a name', (value) => value === '' || objectName().accepts?.(value) === true),
    generateName: string(),
    labels: mapOf(string()),
    annotations: mapOf(string()),
    creationTimestamp: timestamp(),
    deletionTimestamp: timestamp(),
    deletionGracePeriodSeconds: integer(),
    generation: integer(),
    resourceVersion: string(),
    uid: string(),
    selfLink: string(),
    clusterName: string(),
    finalizers: list(string()),
    initializers: anything(),
    ownerReferences: list(
      object({
        apiVersion: string(),
        kind: string(),
        name: string(),
        uid: string(),
        controller: boolean(),
        blockOwnerDeletion: boolean(),
      }),
    ),
    managedFields: list(
      object({
        manager: string(),
        operation: string(),
        apiVersion: string(),
        time: timestamp(),
        fieldsType: string(),
        fieldsV1: anything(),
        subresource: string(),
      }),
    ),
  },
  { required: ['name'] },
);

/** A whole object: kind, apiVersion and metadata besides the kind's own fields. */
export function kubernetesObject(
  fields: Readonly<Record<string, Shape>>,
  options: { readonly required?: readonly string[]; readonly open?: boolean } = {},
): ObjectShape {
  return object(
    { apiVersion: string(), kind: string(), metadata: objectMeta, ...fields },
    { ...options, required: ['metadata', ...(options.required ?? [])] },
  );
}

/** What decoding alone asks of an object of a kind: types, known fields, and a name to call it by. */
export function structureOfKind(shape: ObjectShape): ObjectShape {
  const structure = structureOf(shape, ['metadata']);
  const metadata = structureOf(objectMeta, ['name']);
  return { ...structure, fields: new Map([...structure.fields, ['metadata', metadata]]) };
}

/** meta/v1 Condition, or one of a kind that has more fields. */
export function conditions(more: Readonly<Record<string, Shape>> = {}): Shape {
  return list(
    object({
      ...more,
      type: string(),
      status: string(),
      observedGeneration: integer(),
      lastTransitionTime: timestamp(),
      lastHeartbeatTime: timestamp(),
      reason: string(),
      message: string(),
    }),
  );
}
