import {
  type Address,
  type Cidr,
  type Diagnostic,
  type DiagnosticCode,
  parseAddress,
  parseCidr,
} from '@shunt/model';
import type { EndpointAddress } from './types.js';

interface Word {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

// A word may hold quoted parts; a comma stands alone; a quote that is never closed goes to the line's end.
const WORD = /,|(?:"(?:[^"\\]|\\.)*"|[^\s,"])+|".*/y;

/**
 * Reads one line word by word. It reports the first problem only: after it, every read returns a
 * stand-in value at once, so that callers need no check between reads.
 */
export class LineScanner {
  readonly line: number;
  readonly #file: string;
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #words: readonly Word[];
  readonly #endColumn: number;
  #next = 0;
  #failed = false;

  constructor(text: string, line: number, file: string, report: (diagnostic: Diagnostic) => void) {
    this.line = line;
    this.#file = file;
    this.#report = report;
    const { words, endColumn } = wordsOf(text);
    this.#words = words;
    this.#endColumn = endColumn;
  }

  /** Whether a problem of this line was reported. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether nothing is left to read, or reading has failed. */
  get atEnd(): boolean {
    return this.#failed || this.#next >= this.#words.length;
  }

  /** Whether the next word is `text`; nothing is read. */
  isNext(text: string): boolean {
    return !this.#failed && this.#words[this.#next]?.text === text;
  }

  /** Reads the word if it is `text`. */
  accept(text: string): boolean {
    const found = this.isNext(text);
    if (found) this.#next++;
    return found;
  }

  /** Reads the word `text` or reports that it was expected. */
  expect(text: string): void {
    if (!this.accept(text)) this.#wrong(`"${text}"`);
  }

  /** Reads one of `choices`. */
  choice<T extends string>(choices: readonly [T, ...T[]]): T {
    const read = this.#take(quotedList(choices), (text) => choices.find((each) => each === text) ?? null);
    return read ?? choices[0];
  }

  /** Reads an unsigned integer without leading zeros, followed by `suffix`. */
  integer(what: string, min: number, max: number, suffix = ''): number {
    const wanted = `${what} (integer ${min}..${max}${suffix === '' ? '' : ` and "${suffix}"`})`;
    const parse = (text: string): number | null => {
      const digits = text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : '';
      return /^(?:0|[1-9]\d{0,15})$/.test(digits) && inRange(Number(digits), min, max)
        ? Number(digits)
        : null;
    };
    return this.#take(wanted, parse) ?? min;
  }

  /** Reads a number above 0, as JavaScript writes it. */
  weight(): number {
    const parse = (text: string): number | null => {
      const value = /^\d+(?:\.\d+)?(?:e[+-]?\d+)?$/.test(text) ? Number(text) : 0;
      return value > 0 && Number.isFinite(value) ? value : null;
    };
    return this.#take('a weight (number above 0)', parse) ?? 1;
  }

  address(): Address {
    return this.#take('an IP address', parseAddress) ?? 0;
  }

  cidr(): Cidr {
    return this.#take('a CIDR (address/prefix)', parseCidr) ?? { base: 0, prefix: 0 };
  }

  endpoint(): EndpointAddress {
    return this.#take('ip:port or [ip6]:port', parseEndpoint) ?? { address: 0, port: 1 };
  }

  /** Reads `ip:port`, or a port alone. */
  endpointOrPort(): { readonly address: Address | null; readonly port: number } {
    const parse = (text: string): { address: Address | null; port: number } | null => {
      const port = parsePort(text);
      return port === null ? parseEndpoint(text) : { address: null, port };
    };
    return this.#take('ip:port, [ip6]:port, or a port (1..65535)', parse) ?? { address: null, port: 1 };
  }

  /** Reads a name, which stands in double quotes if it has characters that Kubernetes names lack. */
  name(what: string): string {
    return this.#take(what, unquote) ?? '';
  }

  /** Reads `namespace/name:port`, or `namespace/name`. */
  servicePortName(): { readonly namespace: string; readonly name: string; readonly portName: string } {
    const read = this.#take('namespace/name:port or namespace/name', parseServicePortName);
    return read ?? { namespace: '', name: '', portName: '' };
  }

  /** Reports if something is left on the line. */
  end(): void {
    if (!this.atEnd) this.#wrong('the end of the line');
  }

  /** Reports a problem at the word read last, unless there was one before. */
  fail(code: DiagnosticCode, message: string): void {
    this.#failAt(this.#words[Math.max(this.#next - 1, 0)]?.column ?? 1, code, message);
  }

  /** Reports that the next word is not what was wanted. */
  unexpected(wanted: string): void {
    this.#wrong(wanted);
  }

  #take<T>(wanted: string, parse: (text: string) => T | null): T | null {
    const word = this.#failed ? undefined : this.#words[this.#next];
    const value = word === undefined ? null : parse(word.text);
    if (value === null) this.#wrong(wanted);
    else this.#next++;
    return value;
  }

  #wrong(wanted: string): void {
    const word = this.#words[this.#next];
    const got = word === undefined ? 'the end of the line' : JSON.stringify(word.text);
    this.#failAt(word?.column ?? this.#endColumn, 'syntax', `expected ${wanted}, got ${got}`);
  }

  #failAt(column: number, code: DiagnosticCode, message: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#report({
      severity: 'error',
      code,
      message,
      position: { file: this.#file, line: this.line, column },
    });
  }
}

function wordsOf(text: string): { words: Word[]; endColumn: number } {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && /\s/.test(text.charAt(at))) at++;
    if (at >= text.length || text.charAt(at) === '#') break;
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0] ?? text.slice(at);
    words.push({ text: word, column: at + 1 });
    at += word.length;
  }
  const last = words.at(-1);
  return { words, endColumn: last === undefined ? 1 : last.column + last.text.length };
}

function parseEndpoint(text: string): EndpointAddress | null {
  const colon = text.lastIndexOf(':');
  const port = parsePort(text.slice(colon + 1));
  const host = text.slice(0, Math.max(colon, 0));
  const bracketed = host.startsWith('[') && host.endsWith(']');
  const address = parseAddress(bracketed ? host.slice(1, -1) : host);
  if (address === null || port === null || bracketed !== (typeof address === 'bigint')) return null;
  return { address, port };
}

function parsePort(text: string): number | null {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535 ? Number(text) : null;
}

function parseServicePortName(text: string): { namespace: string; name: string; portName: string } | null {
  const part = '("(?:[^"\\\\]|\\\\.)*"|[^"/:]+)';
  const found = new RegExp(`^${part}/${part}(?::${part})?$`).exec(text);
  if (found === null) return null;
  const namespace = unquote(found[1] ?? '');
  const name = unquote(found[2] ?? '');
  const portName = found[3] === undefined ? '' : unquote(found[3]);
  return namespace === null || name === null || portName === null ? null : { namespace, name, portName };
}

function unquote(text: string): string | null {
  if (!text.includes('"')) return text;
  try {
    const name: unknown = JSON.parse(text);
    return typeof name === 'string' ? name : null;
  } catch {
    return null;
  }
}

function quotedList(choices: readonly string[]): string {
  const quoted = choices.map((each) => `"${each}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}

function inRange(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
