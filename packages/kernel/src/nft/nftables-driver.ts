/** Rulesets of nftables mode in the kernel, as two tables of maps. */
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  adoptIds,
  isHook,
  NFTABLES_DEFAULTS,
  type NftablesOptions,
  NftablesWriter,
  type NftTable,
  nftDifferences,
  type Ruleset,
  type RulesetChange,
  type RuleText,
  undoOfAbandonedLoad,
} from '@shunt/compiler';
import { ChildProcessRunner, type CommandRunner } from '../command/command-runner.js';
import { stopwatch } from '../command/stopwatch.js';
import { lineCount } from '../line-count.js';
import {
  type Difference,
  DriverError,
  type DriverReport,
  type LoadPlan,
  ReadBackError,
  type RuleDriver,
} from '../rule-driver.js';
import { loadInSteps } from './load-in-steps.js';
import type { NftChannel } from './nft-channel.js';
import { NftLibrary } from './nft-library.js';
import { NftSession } from './nft-session.js';
import { NftTool } from './nft-tool.js';
import { NormalForm } from './normal-form.js';

export interface NftablesDriverOptions {
  /** Where and how commands run; child processes of this one by default. */
  readonly runner?: CommandRunner;
  /** Of the rules: see the compiler's target. */
  readonly rules?: Partial<NftablesOptions>;
  /** Whether small changes go to one nft process that stays, which is faster; true by default. */
  readonly session?: boolean;
  /**
   * Whether small changes go to nft's library in this process, where koffi is installed: see `NftLibrary`; false by
   * default. The library needs the file of the network namespace, as `/run/netns/NAME`, if `runner` is elsewhere.
   */
  readonly library?: boolean | { readonly namespace: string };
  /** In milliseconds, of one transaction or listing; a minute by default. */
  readonly timeout?: number;
  /**
   * Where nothing is loaded, tables come in transactions of about so many characters, the last of which puts them in
   * force. By default 262,144, which is what some 500 Services of 5 endpoints take.
   */
  readonly loadStep?: number;
}

const LOAD_STEP = 1 << 18;

export class NftablesDriver implements RuleDriver {
  readonly target = 'nftables';
  readonly #options: NftablesOptions;
  readonly #tool: NftTool;
  readonly #normalForm: NormalForm;
  readonly #loadStep: number;
  /** Of what the kernel holds; `null`: that has to be read. */
  #writer: NftablesWriter | null = null;
  /** What should be there, whether or not it could be written. */
  #wanted: Ruleset | null = null;
  /** How many rules each base chain has; `null`: nobody has asked. */
  #hooks: ReadonlyMap<string, number> | null = null;

  constructor(options: NftablesDriverOptions = {}) {
    const { runner = new ChildProcessRunner(), timeout = 60_000 } = options;
    this.#options = { ...NFTABLES_DEFAULTS, ...options.rules };
    this.#tool = new NftTool({ runner, openChannel: channelOf(options, runner, timeout), timeout });
    this.#normalForm = new NormalForm(runner, timeout);
    this.#loadStep = options.loadStep ?? LOAD_STEP;
  }

  async load(ruleset: Ruleset): Promise<DriverReport> {
    const elapsed = stopwatch();
    this.#writer = null;
    this.#wanted = ruleset;
    const { writer, text, isReplacement } = await this.#mendingForLoad(ruleset);
    const statements = await this.#commit(text, writer);
    this.#writer = writer;
    return { statements, duration: elapsed(), full: text === null || isReplacement };
  }

  async apply(ruleset: Ruleset, change: RulesetChange): Promise<DriverReport> {
    const writer = this.#writer;
    if (writer === null) return this.load(ruleset);
    const elapsed = stopwatch();
    this.#writer = null;
    this.#wanted = ruleset;
    const text = writer.update(ruleset, change);
    if (text.text !== '') await this.#tool.commit(text);
    this.#writer = writer;
    return { statements: lineCount(text.text), duration: elapsed(), full: false };
  }

  /** What {@link load} would do, without doing it. What was loaded before stays what is verified. */
  async plan(ruleset: Ruleset): Promise<LoadPlan> {
    const isAbandoned = undoOfAbandonedLoad(await this.#shapes()) !== null;
    const { differences, text, writer } = await this.#mending(
      ruleset,
      isAbandoned ? [] : await this.#read(),
      null,
    );
    const { text: written } = text ?? writer.load();
    return { differences, texts: written === '' ? [] : [written] };
  }

  async verify(): Promise<readonly Difference[]> {
    const ruleset = this.#wantedRuleset();
    const [held, current] = await Promise.all([this.#read(), this.#current()]);
    return (await this.#mending(ruleset, held, current)).differences;
  }

  async repair(): Promise<readonly Difference[]> {
    const ruleset = this.#wantedRuleset();
    const [held, current] = await Promise.all([this.#read(), this.#current()]);
    const { text, writer, differences } = await this.#mending(ruleset, held, current);
    this.#writer = null;
    await this.#commit(text, writer);
    this.#writer = writer;
    return differences;
  }

  async isInPlace(): Promise<boolean> {
    const writer = this.#writer;
    if (writer === null) return false;
    // They are the same for all rulesets.
    this.#hooks ??= hooksOf(writer.shapes());
    const missing = new Map(this.#hooks);
    for (const family of TABLE_FAMILIES) {
      const held = await this.#tool.listWithoutElements(family, this.#options.tableName);
      for (const [hook, rules] of held === null ? [] : hooksOf([held]))
        if (missing.get(hook) === rules) missing.delete(hook);
    }
    return missing.size === 0;
  }

  async remove(): Promise<void> {
    this.#writer = null;
    this.#wanted = null;
    await this.#tool.version();
    // A table that is not there cannot be deleted, so it is made before.
    const lines = TABLE_FAMILIES.flatMap((family) => {
      const place = `table ${family} ${this.#options.tableName}`;
      return [`add ${place}`, `delete ${place}`];
    });
    await this.#tool.commit({ text: `${lines.join('\n')}\n`, originOf: () => null });
    this.close();
  }

  /** Ends the nft process that stays, or the library, if there is one. The rules stay; the next call opens another. */
  close(): void {
    this.#tool.close();
  }

  #wantedRuleset(): Ruleset {
    if (this.#wanted === null)
      throw new DriverError('nothing was loaded that the kernel could be compared with');
    return this.#wanted;
  }

  async #read(): Promise<readonly NftTable[]> {
    return this.#tables((family, name) => this.#tool.list(family, name));
  }

  /** The tables without their elements. */
  async #shapes(): Promise<readonly NftTable[]> {
    return this.#tables((family, name) => this.#tool.listWithoutElements(family, name));
  }

  async #tables(list: NftTool['list']): Promise<readonly NftTable[]> {
    await this.#tool.version();
    const tables: NftTable[] = [];
    for (const family of TABLE_FAMILIES) {
      const table = await list(family, this.#options.tableName);
      if (table !== null) tables.push(table);
    }
    return tables;
  }

  /** Reads the tables, without those of a load that did not come to its end: these go. */
  async #readForLoad(): Promise<readonly NftTable[]> {
    const shapes = await this.#shapes();
    if (shapes.length === 0) return [];
    const undo = undoOfAbandonedLoad(shapes);
    // Where this is refused, that load goes on, or has come to its end.
    await (undo === null ? null : this.#tool.commit(undo).catch(() => undefined));
    return this.#read();
  }

  async #mendingForLoad(ruleset: Ruleset): Promise<Mending & { readonly isReplacement: boolean }> {
    try {
      return { ...(await this.#mending(ruleset, await this.#readForLoad(), null)), isReplacement: false };
    } catch (error) {
      if (!(error instanceof ReadBackError)) throw error;
      // What cannot be read can be replaced. Ids begin anew, so that clients may get other backends.
      const writer = new NftablesWriter(ruleset, this.#options);
      return { writer, differences: [], text: writer.load(), isReplacement: true };
    }
  }

  /** Made while nft reads what the kernel holds, which takes seconds if that is much. */
  async #current(): Promise<Current | null> {
    const writer = this.#writer;
    if (writer === null) return null;
    await setImmediate();
    return { writer, contents: writer.contents() };
  }

  /**
   * What would bring the kernel to a ruleset.
   * @param current - what it should hold; `null`: what a writer says that takes over the ids which it uses
   */
  async #mending(ruleset: Ruleset, held: readonly NftTable[], current: Current | null): Promise<Mending> {
    const writer = current?.writer ?? new NftablesWriter(ruleset, this.#options, adoptIds(held, ruleset));
    if (held.length === 0) return { writer, differences: this.#allMissing(), text: null };
    const expected = current?.contents ?? writer.contents();
    const actual = await this.#normalForm.inOurWords(held, expected);
    const differences = nftDifferences(expected, actual, writer.ownerOf);
    const text = differences.length === 0 ? NO_TEXT : writer.repair(actual);
    return { writer, differences, text };
  }

  #allMissing(): Difference[] {
    return TABLE_FAMILIES.map((family) => {
      return { servicePort: null, kind: 'missing', what: `table ${family} ${this.#options.tableName}` };
    });
  }

  #loadInSteps(writer: NftablesWriter): Promise<number> {
    const token = randomUUID().replaceAll('-', '');
    const load = writer.loadInSteps({ characters: this.#loadStep, token });
    return loadInSteps(this.#tool, load, () => this.#shapes());
  }

  /**
   * Mends; and if the kernel does not take that, for what is there is stranger than it looks, writes all anew.
   * @param text - `null`: there is nothing yet
   * @returns how many lines
   */
  async #commit(text: RuleText | null, writer: NftablesWriter): Promise<number> {
    if (text === null) return this.#loadInSteps(writer);
    if (text.text === '') return 0;
    try {
      await this.#tool.commit(text);
      return lineCount(text.text);
    } catch (error) {
      if (!(error instanceof DriverError) || error.statement === null) throw error;
      const whole = writer.load();
      await this.#tool.commit(whole);
      return lineCount(whole.text);
    }
  }
}

/** How many rules base chains have, by family and name; nft's words for them differ by version. */
function hooksOf(tables: readonly NftTable[]): Map<string, number> {
  const hooks = tables.flatMap(({ family, chains }) =>
    [...chains]
      .filter(([, rules]) => isHook(rules))
      .map(([chain, rules]): [string, number] => [`${family} ${chain}`, rules.length]),
  );
  return new Map(hooks);
}

function channelOf(
  { session = true, library = false }: NftablesDriverOptions,
  runner: CommandRunner,
  timeout: number,
): (() => Promise<NftChannel | null>) | null {
  const openSession = (): Promise<NftChannel | null> => NftSession.open(runner, timeout);
  if (library === false) return session ? openSession : null;
  const namespace = library === true ? null : library.namespace;
  return async () => (await NftLibrary.open(namespace)) ?? (session ? openSession() : null);
}

interface Current {
  readonly writer: NftablesWriter;
  readonly contents: readonly NftTable[];
}

interface Mending {
  readonly writer: NftablesWriter;
  readonly differences: readonly Difference[];
  /** Empty if nothing differs; `null` if there is nothing yet, and all has to be written. */
  readonly text: RuleText | null;
}

const TABLE_FAMILIES = ['ip', 'ip6'] as const;
const NO_TEXT: RuleText = { text: '', originOf: () => null };
