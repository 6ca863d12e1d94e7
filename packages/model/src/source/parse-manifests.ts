import type { Diagnostic } from '../diagnostic.js';
import type { FieldPath } from './field-path.js';
import { parseDocuments } from './parse-documents.js';
import type { SourceDocument } from './source-document.js';

/** One thing that a manifest holds where an object is due, not checked yet, and where it was written. */
export interface SourceObject {
  readonly value: unknown;
  readonly document: SourceDocument;
  /** Where it is in the document: empty, or `['items', 3]` in a list. */
  readonly path: FieldPath;
}

/** What one manifest file holds. */
export interface ParsedFile {
  readonly file: string;
  readonly objects: readonly SourceObject[];
  readonly diagnostics: readonly Diagnostic[];
  /** Drops what was kept for finding positions soon; later positions cost a little more. */
  release(): void;
}

/** Lists in lists are legal, but nobody nests them deeper than this. */
const MAX_LIST_DEPTH = 32;

/**
 * Reads the objects of a manifest: YAML or JSON, several documents, `List` and typed lists (`ServiceList`)
 * flattened; items of a typed list take kind and apiVersion from it where they have none.
 * Never throws; every diagnostic has a position.
 */
export function parseManifests(file: string, text: string): ParsedFile {
  const parsed = parseDocuments(file, text);
  const diagnostics: Diagnostic[] = [...parsed.diagnostics];
  const objects: SourceObject[] = [];
  for (const document of parsed.documents) {
    flatten({ value: document.value, document, path: [] }, objects, diagnostics, 0);
  }
  return { file, objects, diagnostics, release: () => parsed.release() };
}

function flatten(
  source: SourceObject,
  objects: SourceObject[],
  diagnostics: Diagnostic[],
  depth: number,
): void {
  const { value, document, path } = source;
  const list = asList(value);
  if (list === null) {
    objects.push(source);
    return;
  }
  const { items } = list;
  if (items === null) return;
  const itemsPath = [...path, 'items'];
  if (!Array.isArray(items) || depth === MAX_LIST_DEPTH) {
    const message = Array.isArray(items)
      ? `lists are nested more than ${MAX_LIST_DEPTH} deep`
      : `"items" of a ${list.kind} must be a list`;
    diagnostics.push({ severity: 'error', code: 'type', message, position: document.locate(itemsPath) });
    return;
  }
  for (let i = 0; i < items.length; i++) {
    const item: unknown = items[i];
    flatten(
      { value: inherit(item, list), document, path: [...itemsPath, i] },
      objects,
      diagnostics,
      depth + 1,
    );
  }
}

interface ListObject {
  readonly kind: string;
  readonly apiVersion?: unknown;
  readonly items: unknown;
}

function asList(value: unknown): ListObject | null {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('items' in value)) return null;
  return typeof value.kind === 'string' && value.kind.endsWith('List') ? (value as ListObject) : null;
}

function inherit(item: unknown, list: ListObject): unknown {
  if (list.kind === 'List' || typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  if ('kind' in item && 'apiVersion' in item) return item;
  return { apiVersion: list.apiVersion, kind: list.kind.slice(0, -'List'.length), ...item };
}
