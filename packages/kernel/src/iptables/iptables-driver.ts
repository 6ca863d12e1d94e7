/** Rulesets of iptables mode in the kernel, as kube-proxy's chains. */
import {
  differences,
  type IptablesOptions,
  IptablesWriter,
  JUMP_RULES,
  type PerFamily,
  type Ruleset,
  type RulesetChange,
  type RuleText,
  removalText,
  type SavedTables,
} from '@shunt/compiler';
import { FAMILIES, type Family } from '@shunt/model';
import { ChildProcessRunner, type CommandRunner } from '../command/command-runner.js';
import { stopwatch } from '../command/stopwatch.js';
import { lineCount } from '../line-count.js';
import {
  type Difference,
  DriverError,
  type DriverReport,
  type LoadPlan,
  type RuleDriver,
} from '../rule-driver.js';
import { IptablesTool, type IptablesVariant } from './iptables-tool.js';
import { tableTexts } from './table-texts.js';

export interface IptablesDriverOptions {
  /** Where and how commands run; child processes of this one by default. */
  readonly runner?: CommandRunner;
  /** `default` by default. */
  readonly variant?: IptablesVariant;
  /** Of the rules: see the compiler's target. */
  readonly rules?: Partial<IptablesOptions>;
  /** Both by default. A node whose kernel has no IPv6 leaves that out. */
  readonly families?: readonly Family[];
  /** In milliseconds, of one command; a minute by default. */
  readonly timeout?: number;
  /** The file that locks the legacy variant, where it is not /run/xtables.lock. */
  readonly lockFile?: string;
}

/** One that {@link IptablesDriver.remove} would delete. */
export interface RemovableChain {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
}

/**
 * Each table of each family is a transaction of its own, since iptables has no other. So all but the first that is
 * written are tried with `--test` before. The first is the largest: if it is refused, nothing has changed yet.
 */
export class IptablesDriver implements RuleDriver {
  readonly target = 'iptables';
  readonly #tools: readonly IptablesTool[];
  readonly #writer: IptablesWriter;
  /** What the last successful call brought to the kernel; `null`: what it holds has to be read. */
  #loaded: Ruleset | null = null;
  /** What should be there, whether or not it could be written. */
  #wanted: Ruleset | null = null;

  /** @throws {RangeError} if an option of the rules is out of range */
  constructor(options: IptablesDriverOptions = {}) {
    const { runner = new ChildProcessRunner(), variant = 'default', families = FAMILIES } = options;
    const { timeout = 60_000, lockFile = null } = options;
    this.#tools = families.map((family) => new IptablesTool(family, { runner, variant, timeout, lockFile }));
    this.#writer = new IptablesWriter(options.rules);
  }

  async load(ruleset: Ruleset): Promise<DriverReport> {
    const elapsed = stopwatch();
    this.#loaded = null;
    this.#wanted = ruleset;
    const held = await this.#read();
    const full = this.#differs(ruleset, held);
    const statements = full ? await this.#write(this.#writer.full(ruleset, held)) : 0;
    this.#loaded = ruleset;
    return { statements, duration: elapsed(), full };
  }

  async apply(ruleset: Ruleset, change: RulesetChange): Promise<DriverReport> {
    if (this.#loaded === null) return this.load(ruleset);
    const elapsed = stopwatch();
    this.#loaded = null;
    this.#wanted = ruleset;
    const texts = this.#writer.partial(ruleset, change);
    const statements = await this.#write(texts, (family) => concerns(change, family));
    this.#loaded = ruleset;
    return { statements, duration: elapsed(), full: false };
  }

  /** What {@link load} would do, without doing it. What was loaded before stays what is verified. */
  async plan(ruleset: Ruleset): Promise<LoadPlan> {
    const held = await this.#read();
    const found = this.#compare(ruleset, held);
    if (found.length === 0) return { differences: found, texts: [] };
    const texts = this.#writer.full(ruleset, held);
    return { differences: found, texts: this.#tools.map(({ family }) => texts[family].text) };
  }

  async verify(): Promise<readonly Difference[]> {
    return this.#compare(this.#wantedRuleset(), await this.#read());
  }

  async repair(): Promise<readonly Difference[]> {
    const ruleset = this.#wantedRuleset();
    const held = await this.#read();
    const found = this.#compare(ruleset, held);
    if (found.length === 0) return found;
    this.#loaded = null;
    await this.#write(this.#writer.full(ruleset, held));
    this.#loaded = ruleset;
    return found;
  }

  /** The chains that {@link remove} would delete. Nothing in the kernel tells whether kube-proxy wrote them. */
  async removable(): Promise<readonly RemovableChain[]> {
    const held = await this.#read();
    return this.#tools.flatMap(({ family }) => deletedBy(removalText(held[family]).text, family));
  }

  /** Looks at a rule of each table: who flushes or reloads rules does that to whole tables. */
  async isInPlace(): Promise<boolean> {
    if (this.#loaded === null) return false;
    for (const tool of this.#tools) {
      for (const { table, from, words } of LOOKED_AT) if (!(await tool.has(table, from, words))) return false;
    }
    return true;
  }

  async remove(): Promise<void> {
    this.#loaded = null;
    this.#wanted = null;
    for (const tool of this.#tools) await tool.write(removalText(await tool.read()));
  }

  #wantedRuleset(): Ruleset {
    if (this.#wanted === null)
      throw new DriverError('nothing was loaded that the kernel could be compared with');
    return this.#wanted;
  }

  async #read(): Promise<PerFamily<SavedTables>> {
    const held: Record<Family, SavedTables> = { IPv4: new Map(), IPv6: new Map() };
    const read = this.#tools.map(async (tool) => {
      await tool.checkVersion();
      held[tool.family] = await tool.read();
    });
    await allOf(read);
    return held;
  }

  #differs(ruleset: Ruleset, held: PerFamily<SavedTables>): boolean {
    // To know that a kernel without rules lacks some takes no second.
    return this.#tools.some(({ family }) => isBare(held[family])) || this.#compare(ruleset, held).length > 0;
  }

  #compare(ruleset: Ruleset, held: PerFamily<SavedTables>): Difference[] {
    const expected = this.#writer.contents(ruleset);
    return this.#tools.flatMap(({ family }) =>
      differences(expected[family], held[family]).map((it) => withFamily(it, family)),
    );
  }

  /** @returns how many lines were written */
  async #write(
    texts: PerFamily<RuleText>,
    isWritten: (family: Family) => boolean = () => true,
  ): Promise<number> {
    const tools = this.#tools.filter(({ family }) => isWritten(family));
    const [first, ...others] = tools
      .flatMap((tool) => tableTexts(texts[tool.family]).map((rules) => ({ tool, rules })))
      .sort((a, b) => b.rules.text.length - a.rules.text.length);
    if (first === undefined) return 0;
    await allOf(others.map(({ tool, rules }) => tool.check(rules)));
    for (const { tool, rules } of [first, ...others]) await tool.write(rules);
    return tools.reduce((lines, { family }) => lines + lineCount(texts[family].text), 0);
  }
}

/** By these packets of others come to nearly all rules of their table. */
const LOOKED_AT = JUMP_RULES.filter(({ table, from, to }) => {
  return to === 'KUBE-SERVICES' && from === (table === 'nat' ? 'PREROUTING' : 'FORWARD');
});

/** The key of a service port tells the family; without one, the rule of one family reads as that of the other. */
function withFamily(difference: Difference, family: Family): Difference {
  return difference.servicePort !== null
    ? difference
    : { ...difference, what: `${family} ${difference.what}` };
}

/**
 * Waits for all.
 * @throws what the first in order threw, not the first in time: what ails both families is the same each time, then
 */
async function allOf(tasks: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(tasks);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** The chains that a text for `iptables-restore` deletes. */
function deletedBy(text: string, family: Family): RemovableChain[] {
  let table = '';
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('*')) table = line.slice(1);
    return line.startsWith('-X ') ? [{ family, table, chain: line.slice(3) }] : [];
  });
}

/** Whether rules of a family may be others after a change. */
function concerns({ added, removed, replaced, sections }: RulesetChange, family: Family): boolean {
  if (Object.keys(sections).length > 0) return true;
  return [added, removed, replaced.map(({ after }) => after)].some((ports) =>
    ports.some((port) => port.family === family),
  );
}

/** Whether there is no chain as the target has them. */
function isBare(tables: SavedTables): boolean {
  return ![...tables.values()].some((chains) => [...chains.keys()].some((name) => name.startsWith('KUBE-')));
}
