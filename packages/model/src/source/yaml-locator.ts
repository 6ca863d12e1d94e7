import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair } from 'yaml';
import type { FieldPath } from './field-path.js';
import type { FieldOffsets } from './json-locator.js';

/** The field at `path` of a parsed YAML document, or the nearest field around it that is written. */
export function locateYaml(document: Document, path: FieldPath): FieldOffsets {
  let node: unknown = document.contents;
  let found = offsetsOf(null, node, { key: document.range?.[0] ?? 0, value: document.range?.[0] ?? 0 });
  for (const part of path) {
    const container = resolveAlias(node, document);
    if (isSeq(container) && typeof part === 'number' && part < container.items.length) {
      node = container.items[part];
      found = offsetsOf(null, node, found);
      continue;
    }
    const pair = findPair(container, String(part), document, 0);
    if (pair === null) break;
    node = pair.value;
    found = offsetsOf(pair.key, node, found);
  }
  return found;
}

const MAX_MERGE_DEPTH = 16;

function findPair(container: unknown, name: string, document: Document, depth: number): Pair | null {
  if (!isMap(container) || depth > MAX_MERGE_DEPTH) return null;
  for (const pair of container.items) if (isScalar(pair.key) && String(pair.key.value) === name) return pair;
  for (const pair of container.items) {
    if (!isScalar(pair.key) || pair.key.value !== '<<') continue;
    const source = resolveAlias(pair.value, document);
    for (const merged of isSeq(source) ? source.items : [source]) {
      const inherited = findPair(resolveAlias(merged, document), name, document, depth + 1);
      if (inherited !== null) return inherited;
    }
  }
  return null;
}

function resolveAlias(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

// A value that is not written (`port:` and nothing) is found at its key.
function offsetsOf(key: unknown, value: unknown, around: FieldOffsets): FieldOffsets {
  const valueRange = isNode(value) ? value.range : null;
  const keyOffset = isNode(key) ? key.range?.[0] : undefined;
  const isWritten = valueRange && valueRange[0] < valueRange[1];
  const valueOffset = (isWritten ? valueRange[0] : undefined) ?? keyOffset ?? valueRange?.[0] ?? around.value;
  return { key: keyOffset ?? valueOffset, value: valueOffset };
}
