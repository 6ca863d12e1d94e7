/**
 * Tells code from comments and quoted text, so that a rule about code is not broken by a word in a
 * comment or a string. A scanner, not a parser: it knows comments, strings, templates and regular
 * expressions, which is what TypeScript needs to be told apart on the level of characters.
 */

/** A source seen three ways, all of the same length and with the same line breaks. */
export interface SourceText {
  readonly whole: string;
  /** Comments and the contents of strings, templates and regular expressions are spaces. */
  readonly code: string;
  /** Everything but comments is spaces. */
  readonly comments: string;
}

type Kind = 'code' | 'comment' | 'quoted';

export function readSource(whole: string): SourceText {
  const kinds = new Scanner(whole).kinds;
  const only = (kind: Kind): string =>
    Array.from(kinds, (found, at) => (found === kind || whole[at] === '\n' ? whole[at] : ' ')).join('');
  return { whole, code: only('code'), comments: only('comment') };
}

/** The 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** After these, a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|case|typeof|in|of|do|else|yield|await))$/;

class Scanner {
  readonly kinds: Kind[] = [];
  readonly #source: string;
  /** One entry an open brace: whether it is the `${` of a template. */
  readonly #braces: boolean[] = [];

  constructor(source: string) {
    this.#source = source;
    while (this.#at < source.length) this.#next();
  }

  get #at(): number {
    return this.kinds.length;
  }

  #next(): void {
    const char = this.#source[this.#at];
    if (this.#sees('//')) this.#mark('comment', this.#indexOf('\n', 0));
    else if (this.#sees('/*')) this.#mark('comment', this.#indexOf('*/', 2));
    else if (char === "'" || char === '"') this.#quoted(char);
    else if (char === '/' && this.#regexMayBegin()) this.#regex();
    else if (char === '`') {
      this.#mark('code', this.#at + 1);
      this.#template();
    } else if (char === '}') {
      this.#mark('code', this.#at + 1);
      if (this.#braces.pop() === true) this.#template();
    } else {
      if (char === '{') this.#braces.push(false);
      this.#mark('code', this.#at + 1);
    }
  }

  #quoted(quote: string): void {
    this.#mark('code', this.#at + 1);
    while (this.#at < this.#source.length && !this.#sees(quote) && !this.#sees('\n')) this.#character();
    this.#mark('code', this.#at + 1);
  }

  // Up to the closing backtick, or to a `${`, whose code follows until its brace is closed.
  #template(): void {
    while (this.#at < this.#source.length && !this.#sees('`') && !this.#sees('${')) this.#character();
    if (this.#sees('${')) {
      this.#braces.push(true);
      this.#mark('code', this.#at + 2);
    } else {
      this.#mark('code', this.#at + 1);
    }
  }

  #regex(): void {
    this.#mark('code', this.#at + 1);
    let inClass = false;
    while (this.#at < this.#source.length && (inClass || !this.#sees('/')) && !this.#sees('\n')) {
      if (this.#sees('[')) inClass = true;
      if (this.#sees(']')) inClass = false;
      this.#character();
    }
    this.#mark('code', this.#at + 1);
  }

  #regexMayBegin(): boolean {
    const before = this.#source.slice(Math.max(0, this.#at - 200), this.#at);
    const code = Array.from(before, (char, index) =>
      this.kinds[this.#at - before.length + index] === 'code' ? char : ' ',
    ).join('');
    return BEFORE_REGEX.test(code.trimEnd());
  }

  #character(): void {
    this.#mark('quoted', this.#at + (this.#sees('\\') ? 2 : 1));
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #indexOf(text: string, including: number): number {
    const found = this.#source.indexOf(text, this.#at + including);
    return found === -1 ? this.#source.length : found + including;
  }

  #mark(kind: Kind, end: number): void {
    while (this.#at < Math.min(end, this.#source.length)) this.kinds.push(kind);
  }
}
