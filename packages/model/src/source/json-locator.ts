import type { FieldPath } from './field-path.js';
import { skipBlanks } from './scan-json.js';

/** Offsets of a field: its value, and its key (the value again for list items and roots). */
export interface FieldOffsets {
  readonly key: number;
  readonly value: number;
}

/**
 * Finds fields in a text that is known to be valid JSON, without building anything from it. Offsets of
 * list items are remembered, so that many look-ups in one long list read it once.
 */
export class JsonLocator {
  readonly #text: string;
  readonly #itemsOfList = new Map<number, readonly number[]>();

  constructor(text: string) {
    this.#text = text;
  }

  /** The field at `path` below the value at `start`, or the nearest field around it that is there. */
  locate(start: number, path: FieldPath): FieldOffsets {
    let value = skipBlanks(this.#text, start);
    let key = value;
    for (const part of path) {
      const found = typeof part === 'number' ? this.#item(value, part) : this.#member(value, part);
      if (found === null) break;
      ({ key, value } = found);
    }
    return { key, value };
  }

  #item(list: number, index: number): FieldOffsets | null {
    if (this.#text[list] !== '[') return null;
    let items = this.#itemsOfList.get(list);
    if (items === undefined) this.#itemsOfList.set(list, (items = this.#items(list)));
    const offset = items[index];
    return offset === undefined ? null : { key: offset, value: offset };
  }

  #items(list: number): number[] {
    const text = this.#text;
    const items: number[] = [];
    let offset = skipBlanks(text, list + 1);
    while (offset < text.length && text[offset] !== ']') {
      items.push(offset);
      offset = skipBlanks(text, skipValue(text, offset));
      if (text[offset] === ',') offset = skipBlanks(text, offset + 1);
    }
    return items;
  }

  #member(object: number, name: string): FieldOffsets | null {
    const text = this.#text;
    if (text[object] !== '{') return null;
    let offset = skipBlanks(text, object + 1);
    while (offset < text.length && text[offset] !== '}') {
      const keyEnd = skipString(text, offset);
      const value = skipBlanks(text, skipBlanks(text, keyEnd) + 1);
      if (JSON.parse(text.slice(offset, keyEnd)) === name) return { key: offset, value };
      offset = skipBlanks(text, skipValue(text, value));
      if (text[offset] === ',') offset = skipBlanks(text, offset + 1);
    }
    return null;
  }
}

/** The offset behind the value at `offset`. */
function skipValue(text: string, offset: number): number {
  let depth = 0;
  do {
    switch (text[offset]) {
      case '"':
        offset = skipString(text, offset);
        break;
      case '{':
      case '[':
        depth++;
        offset++;
        break;
      case '}':
      case ']':
        depth--;
        offset++;
        break;
      default:
        offset = depth === 0 ? skipScalar(text, offset) : offset + 1;
    }
  } while (depth > 0 && offset < text.length);
  return offset;
}

function skipScalar(text: string, offset: number): number {
  while (offset < text.length && !',]} \n\r\t'.includes(text[offset] as string)) offset++;
  return offset;
}

function skipString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}
