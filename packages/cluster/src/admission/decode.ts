/** Fields that are maps from strings to strings wherever they are, so that their keys are data. */
const STRING_MAPS: ReadonlySet<string> = new Set(['labels', 'annotations', 'matchLabels', 'selector']);
// A selector is a map in a Service, an object in a Deployment; the latter's fields are these.
const SELECTOR_FIELDS: ReadonlySet<string> = new Set(['matchLabels', 'matchExpressions']);

/**
 * Takes nulls out of a value as the API's decoding does: a null field is an absent one, and where a
 * value must be it is the empty one: a null label is `''`, a null list item `{}` (`''` among strings).
 * Called for every object of a cluster, so that it allocates only where there is something to take out.
 * @returns the value itself when it has no null
 */
export function withoutNulls<T>(value: T): T {
  return decode(value, false) as T;
}

function decode(value: unknown, isStringMap: boolean): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? decodeList(value) : decodeFields(value as Fields, isStringMap);
}

type Fields = Readonly<Record<string, unknown>>;

function decodeFields(value: Fields, isStringMap: boolean): Fields {
  let changed: Map<string, unknown> | null = null;
  for (const key in value) {
    const field = value[key];
    // Most fields are plain: asking that first saves a call for each of them.
    if (typeof field !== 'object') continue;
    let decoded: unknown;
    if (field !== null) decoded = decode(field, STRING_MAPS.has(key));
    else if (isStringMap && !SELECTOR_FIELDS.has(key)) decoded = '';
    if (decoded === field) continue;
    changed ??= new Map(Object.entries(value));
    if (decoded === undefined) changed.delete(key);
    else changed.set(key, decoded);
  }
  return changed === null ? value : Object.fromEntries(changed);
}

function decodeList(list: readonly unknown[]): readonly unknown[] {
  let changed: unknown[] | null = null;
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    if (typeof item !== 'object') continue;
    const decoded = item === null ? emptyItem(list) : decode(item, false);
    if (decoded === item) continue;
    changed ??= [...list];
    changed[i] = decoded;
  }
  return changed ?? list;
}

function emptyItem(list: readonly unknown[]): unknown {
  return list.some((item) => typeof item === 'string') ? '' : {};
}
