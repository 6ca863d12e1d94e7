/**
 * A copy of an object with some fields added or replaced: `{ ...object, ...fields }`, for what is done to
 * every object of a cluster. Where a field is added, V8 (Node 20) takes ten times as long for the spread.
 */
export function withFields<T extends object>(object: T, fields: Partial<T>): T {
  return Object.assign({}, object, fields);
}
