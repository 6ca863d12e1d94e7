import type { Diagnostic, SourcePosition } from '../diagnostic.js';
import type { FieldPath } from './field-path.js';
import { JsonLocator } from './json-locator.js';
import { scanJsonValue, skipBlanks } from './scan-json.js';
import type { FieldPart, ParsedDocuments, SourceDocument } from './source-document.js';
import type { SourceText } from './source-text.js';

/** The first place where a text stops being JSON. */
export interface JsonError {
  readonly offset: number;
  readonly expected: string;
}

/**
 * Reads a text as JSON: one value, or several in a row as `jq` and log files have them.
 * @returns the documents, or the first place where the text is no JSON
 */
export function parseJsonSource(source: SourceText): ParsedDocuments | JsonError {
  const { text, file } = source;
  let locator: JsonLocator | null = null;
  const document = (value: unknown, start: number): SourceDocument => ({
    file,
    value,
    locate(path: FieldPath = [], part: FieldPart = 'value'): SourcePosition {
      locator ??= new JsonLocator(text);
      return source.position(locator.locate(start, path)[part]);
    },
  });
  const documents: SourceDocument[] = [];
  const whole = tryParse(text);
  if (whole.valid) {
    documents.push(document(whole.value, 0));
  } else {
    for (let start = skipBlanks(text, 0); start < text.length; ) {
      const scan = scanJsonValue(text, start);
      if (!scan.valid) return scan;
      const one = tryParse(text.slice(start, scan.end));
      if (!one.valid) return { offset: start, expected: 'a value that is nested less deeply' };
      documents.push(document(one.value, start));
      start = skipBlanks(text, scan.end);
    }
  }
  return {
    documents: documents.filter(({ value }) => value !== null),
    diagnostics: [],
    release() {
      locator = null;
    },
  };
}

/** Says what is wrong, what would be right, and where. */
export function describeJsonError(source: SourceText, { offset, expected }: JsonError): Diagnostic {
  const char = source.text[offset];
  const found = char === undefined ? 'the end of the text' : JSON.stringify(char);
  return {
    severity: 'error',
    code: 'syntax',
    message: `not valid JSON: expected ${expected}, got ${found}`,
    position: source.position(offset),
  };
}

type Parsed = { readonly valid: true; readonly value: unknown } | { readonly valid: false };

function tryParse(text: string): Parsed {
  try {
    return { valid: true, value: JSON.parse(text) };
  } catch {
    return { valid: false };
  }
}
