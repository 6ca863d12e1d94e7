import { describeJsonError, parseJsonSource } from './json-source.js';
import type { ParsedDocuments } from './source-document.js';
import { SourceText } from './source-text.js';
import { YamlSource } from './yaml-source.js';

/**
 * A text whose first 64 KiB are JSON is JSON: its error is told at once, instead of after reading
 * megabytes again as the YAML flow style that it is not.
 */
const CERTAINLY_JSON = 65_536;

/**
 * Reads any number of YAML or JSON documents from a text. JSON goes through JSON.parse, at its speed.
 * Never throws: whatever is wrong is a diagnostic with a position.
 * @param file - names the text in positions; a name that ends in `.json` is JSON and nothing else
 */
export function parseDocuments(file: string, text: string): ParsedDocuments {
  const source = new SourceText(file, text);
  const jsonOnly = file.toLowerCase().endsWith('.json');
  const first = source.text[source.text.search(/\S/)];
  if (!jsonOnly && first !== '{' && first !== '[') return new YamlSource(source);
  const parsed = parseJsonSource(source);
  if ('documents' in parsed) return parsed;
  if (!jsonOnly && parsed.offset < CERTAINLY_JSON) return new YamlSource(source);
  return { documents: [], diagnostics: [describeJsonError(source, parsed)], release() {} };
}
