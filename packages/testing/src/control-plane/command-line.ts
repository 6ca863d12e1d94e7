/** Which flags a command knows, by their names without dashes. */
export interface FlagSet {
  /** Flags with a value: `--port=80`, `--port 80`. */
  readonly values: readonly string[];
  /** Flags that are on when they stand alone: `--expose`, `--expose=false`. */
  readonly switches: readonly string[];
  /** The long names of one-letter flags. */
  readonly short: Readonly<Record<string, string>>;
}

export interface CommandLine {
  /** What is no flag, in order; a word that begins with an em dash is none. */
  readonly words: readonly string[];
  /** How many of the words stand before `--`; `null` without it. */
  readonly wordsBeforeDashes: number | null;
  /** All values of each flag; of a switch its text, `true` when it stands alone. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
}

/** Reads a command line as kubectl does: flags may stand anywhere before `--`. Source: spf13/pflag. */
export function readCommandLine(
  argv: readonly string[],
  known: FlagSet,
): CommandLine | { readonly problem: string } {
  const words: string[] = [];
  const flags = new Map<string, string[]>();
  const rest = [...argv];
  const set = (name: string, value: string): void =>
    void flags.set(name, [...(flags.get(name) ?? []), value]);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') return { words: [...words, ...rest], wordsBeforeDashes: words.length, flags };
    if (!word.startsWith('-') || word === '-') words.push(word);
    else {
      const typed = word.startsWith('--') ? splitLong(word) : splitShort(word, known);
      for (const { name, text } of typed) {
        if (known.switches.includes(name)) set(name, text ?? 'true');
        else if (!known.values.includes(name)) return { problem: `unknown flag: ${word}` };
        else {
          const value = text ?? rest.shift();
          if (value === undefined) return { problem: `flag needs an argument: ${word}` };
          set(name, value);
        }
      }
    }
  }
  return { words, wordsBeforeDashes: null, flags };
}

interface TypedFlag {
  readonly name: string;
  /** `null` when the value is the next word. */
  readonly text: string | null;
}

function splitLong(word: string): TypedFlag[] {
  const at = word.indexOf('=');
  return [
    at < 0 ? { name: word.slice(2), text: null } : { name: word.slice(2, at), text: word.slice(at + 1) },
  ];
}

/** `-it`, `-nshop`, `-n=shop`: switches, and at the end a flag with its value. */
function splitShort(word: string, { switches, short }: FlagSet): TypedFlag[] {
  const typed: TypedFlag[] = [];
  for (let at = 1; at < word.length; at++) {
    const name = short[word.charAt(at)] ?? word.charAt(at);
    const rest = word.slice(at + 1);
    const isSwitch = switches.includes(name) && !rest.startsWith('=');
    typed.push({ name, text: isSwitch || rest === '' ? null : rest.replace(/^=/, '') });
    if (!isSwitch) break;
  }
  return typed;
}
