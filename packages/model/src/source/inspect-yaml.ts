import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml';

/** What is wrong with a YAML document that the parser itself lets pass. */
export interface YamlFinding {
  readonly offset: number;
  readonly kind: 'alias' | 'duplicate-key' | 'dash';
  /** The key or the anchor in question. */
  readonly name: string;
}

/** Keys of these fields are the user's own words, which may start with a dash. */
const FREE_KEY_FIELDS: ReadonlySet<string> = new Set(['data', 'binaryData', 'stringData']);

const DASH_KEY = /^-[A-Za-z_]/;

/**
 * Finds what makes a YAML document wrong or its value unusable: keys given twice, `-key: value` for
 * `- key: value`, aliases without an anchor or inside of their own.
 */
export function inspectYaml(document: Document): YamlFinding[] {
  const inspection = new Inspection();
  inspection.visit(document.contents, true);
  return inspection.findings;
}

class Inspection {
  readonly findings: YamlFinding[] = [];
  readonly #anchors = new Set<string>();
  readonly #openAnchors = new Set<string>();

  visit(node: unknown, fieldNames: boolean): void {
    if (isAlias(node)) {
      // An alias inside of its own anchor would be a value without an end.
      if (this.#openAnchors.has(node.source) || !this.#anchors.has(node.source)) {
        this.#add(node, 'alias', node.source);
      }
      return;
    }
    if (isScalar(node) && node.anchor !== undefined) this.#anchors.add(node.anchor);
    if (!isMap(node) && !isSeq(node)) return;
    const { anchor } = node;
    if (anchor !== undefined) this.#openAnchors.add(anchor);
    if (isMap(node)) this.#visitMap(node, fieldNames);
    else for (const item of node.items) this.visit(item, fieldNames);
    if (anchor !== undefined) {
      this.#openAnchors.delete(anchor);
      this.#anchors.add(anchor);
    }
  }

  #visitMap(map: YAMLMap, fieldNames: boolean): void {
    const seen = new Set<string>();
    for (const pair of map.items) {
      const { key } = pair;
      if (!isScalar(key)) {
        this.visit(key, fieldNames);
        this.visit(pair.value, fieldNames);
        continue;
      }
      if (key.anchor !== undefined) this.#anchors.add(key.anchor);
      const name = String(key.value);
      // Several merge keys in one mapping are allowed.
      if (seen.has(name) && !(name === '<<' && key.type === 'PLAIN')) {
        this.#add(key, 'duplicate-key', name);
      }
      seen.add(name);
      if (fieldNames && key.type === 'PLAIN' && DASH_KEY.test(name)) this.#add(key, 'dash', name);
      this.visit(pair.value, fieldNames && !FREE_KEY_FIELDS.has(name));
    }
  }

  #add(node: Alias | Scalar, kind: YamlFinding['kind'], name: string): void {
    this.findings.push({ offset: node.range?.[0] ?? 0, kind, name });
  }
}
