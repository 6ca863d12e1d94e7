import { Composer, type CST, type Document, Lexer, Parser, type YAMLError } from 'yaml';
import type { Diagnostic, SourcePosition } from '../diagnostic.js';
import type { FieldPath } from './field-path.js';
import { inspectYaml, type YamlFinding } from './inspect-yaml.js';
import type { FieldPart, ParsedDocuments, SourceDocument } from './source-document.js';
import type { SourceText } from './source-text.js';
import { locateYaml } from './yaml-locator.js';

/**
 * YAML 1.2 with merge keys. Values are plain data only: no tag makes a Date or a Set, whatever version
 * a document claims. Keys given twice are found by `inspectYaml`, since the parser's own check costs
 * the square of the number of keys.
 */
const YAML_OPTIONS = {
  schema: 'core',
  merge: true,
  resolveKnownTags: false,
  stringKeys: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
} as const;

/**
 * How often anchors may be used, counted with those inside of them. An alias costs nothing here (it is
 * the same value again), but whoever walks the value pays for each.
 */
const MAX_ALIAS_COUNT = 1000;

/**
 * Collections in collections. Manifests stay below 30; the composer, which recurses, must not come near
 * the end of the call stack: V8 ends the whole process when it has to compile a regular expression there.
 */
const MAX_NESTING = 256;

/** The documents of one YAML text. Syntax trees are dropped, and made again when a position is asked for. */
export class YamlSource implements ParsedDocuments {
  readonly documents: SourceDocument[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #source: SourceText;
  /** The syntax tree that was used last, and what to add to its offsets. */
  #cached: { readonly start: number; readonly tree: Document; readonly shift: number } | null = null;

  constructor(source: SourceText) {
    this.#source = source;
    const composer = new Composer(YAML_OPTIONS);
    try {
      for (const tree of composer.compose(this.#tokens(source.text))) this.#addDocument(tree);
    } catch (error) {
      this.#report('error', 0, messageOf(error));
    }
    for (const { pos, message } of composer.streamInfo().errors) this.#report('error', pos[0], message);
  }

  release(): void {
    this.#cached = null;
  }

  #addDocument(tree: Document): void {
    const [start, , end] = tree.range ?? [0, 0, this.#source.text.length];
    for (const { pos, message } of tree.warnings) this.#report('warning', pos[0], message);
    if (this.#reportErrors(tree)) return;
    try {
      const value: unknown = tree.toJS({ maxAliasCount: MAX_ALIAS_COUNT });
      if (value === null || value === undefined) return;
      this.#cached = { start, tree, shift: 0 };
      const locate = (path: FieldPath = [], part: FieldPart = 'value'): SourcePosition =>
        this.#locate(start, end, path, part);
      this.documents.push({ file: this.#source.file, value, locate });
    } catch (error) {
      this.#report('error', tree.contents?.range?.[0] ?? start, messageOf(error));
    }
  }

  /** The parser's tokens, cut off with an error where they nest too deeply. */
  *#tokens(text: string): Generator<CST.Token> {
    const parser = new Parser();
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length <= MAX_NESTING) continue;
      this.#report('error', parser.offset, `this YAML is nested more than ${MAX_NESTING} levels deep`);
      return;
    }
    yield* parser.end();
  }

  #locate(start: number, end: number, path: FieldPath, part: FieldPart): SourcePosition {
    if (this.#cached?.start !== start) {
      // A document's own text is enough: directives before it change values, but no positions.
      const tokens = this.#tokens(this.#source.text.slice(start, end));
      for (const tree of new Composer(YAML_OPTIONS).compose(tokens)) {
        this.#cached = { start, tree, shift: start };
        break;
      }
    }
    const cached = this.#cached;
    return this.#source.position(cached ? locateYaml(cached.tree, path)[part] + cached.shift : start);
  }

  /** Parsers cascade: one syntax error is told for a document, the one that explains the others. */
  #reportErrors(tree: Document): boolean {
    const findings = inspectYaml(tree);
    const dashes = findings.filter((finding) => finding.kind === 'dash');
    const [error] = tree.errors;
    if (dashes.length > 0) for (const dash of dashes) this.#reportFinding(dash);
    else if (error !== undefined) this.#report('error', error.pos[0], this.#explain(error));
    else for (const finding of findings) this.#reportFinding(finding);
    return error !== undefined || findings.length > 0;
  }

  #reportFinding({ kind, name, offset }: YamlFinding): void {
    if (kind === 'dash') {
      const line = this.#source.text.slice(offset + 1).split(/[\r\n]/, 1)[0] ?? '';
      this.#report('error', offset, `a list item needs a blank after the dash: "- ${line.trim()}"`);
    } else if (kind === 'duplicate-key') {
      this.#report('error', offset, `the key ${JSON.stringify(name)} is given twice`);
    } else {
      this.#report(
        'error',
        offset,
        `the alias *${name} needs an anchor &${name} on a value that ends before it`,
      );
    }
  }

  #explain({ code, message, pos }: YAMLError): string {
    if (this.#source.lineAt(pos[0]).includes('{{')) {
      return 'this looks like a template: render it first ("helm template"), and read the result';
    }
    if (code === 'TAB_AS_INDENT') return 'a tab indents this line: YAML is indented with blanks only';
    if (code === 'BLOCK_AS_IMPLICIT_KEY') {
      return 'a second ": " on one line: quote the value, or start the inner mapping on a line of its own';
    }
    return `not valid YAML: ${message}`;
  }

  #report(severity: Diagnostic['severity'], offset: number, message: string): void {
    this.diagnostics.push({ severity, code: 'syntax', message, position: this.#source.position(offset) });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
