/** Keys and list indexes from the root of a value to one of its fields: `['spec', 'ports', 0, 'port']`. */
export type FieldPath = readonly (string | number)[];

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

/** Writes a path as Kubernetes does: `spec.ports[0].port`; keys with other characters as `labels["a/b"]`. */
export function formatFieldPath(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!PLAIN_KEY.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** Reads what {@link formatFieldPath} writes; `labels[a/b]` without quotes is understood too. */
export function parseFieldPath(text: string): FieldPath {
  const path: (string | number)[] = [];
  const part = /\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|\[([^\]]*)\]|\.?([^.[]+)/y;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    const [, index, quoted, bare, key] = match;
    if (index !== undefined) path.push(Number(index));
    else if (quoted !== undefined) path.push(unquote(quoted));
    else path.push(bare ?? key ?? '');
  }
  return path;
}

/** The path with every list index left out, `spec.ports[].port`: equal for like fields of like objects. */
export function fieldPathPattern(path: FieldPath): string {
  return formatFieldPath(path).replaceAll(/\[\d+\]/g, '[]');
}

function unquote(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return text.slice(1, -1);
  }
}
