/**
 * Rules in the words of the nft that is installed. Versions differ in how they list a rule (`mark or 0x1` is `mark |
 * 0x1` in another one), so what should be there is loaded into a network namespace that lasts for one command, and
 * listed there. Elements are left out: their number is that of the Services, and they are listed alike.
 */
import type { NftTable } from '@shunt/compiler';
import { CommandError, type CommandRunner } from '../command/command-runner.js';
import { ReadBackError } from '../rule-driver.js';
import { nftError } from './nft-error.js';
import { readTables } from './nft-tool.js';

const SCRIPT = 'nft -f - && nft list ruleset';

export class NormalForm {
  readonly #runner: CommandRunner;
  readonly #timeout: number;
  /** The last answer: the static part of the tables changes seldom. */
  #asked = '';
  #answer: readonly NftTable[] | null = null;

  constructor(runner: CommandRunner, timeout: number) {
    this.#runner = runner;
    this.#timeout = timeout;
  }

  /**
   * @param actual - as they were read
   * @param expected - what they should be, in the target's words
   * @returns the tables that were read, with what means the same in the target's words; as they were read where no
   *   namespace may be made: version 1.0.6 lists them in these words
   * @throws {ReadBackError} if nft or the kernel does not take what should be there
   */
  async inOurWords(actual: readonly NftTable[], expected: readonly NftTable[]): Promise<readonly NftTable[]> {
    const text = expected.map(staticText).join('');
    // Where no namespace could be made, one may be had next time.
    if (text !== this.#asked || this.#answer === null) {
      this.#answer = await this.#ask(text);
      this.#asked = text;
    }
    return actual.map((table) => {
      const isSame = ({ family, name }: NftTable): boolean => family === table.family && name === table.name;
      const [ours, listed] = [expected.find(isSame), this.#answer?.find(isSame)];
      return ours === undefined || listed === undefined ? table : translated(table, listed, ours);
    });
  }

  async #ask(input: string): Promise<readonly NftTable[] | null> {
    const command = {
      program: 'unshare',
      args: ['--net', 'sh', '-c', SCRIPT],
      input,
      timeout: this.#timeout,
    };
    try {
      const { status, stdout, stderr } = await this.#runner.run(command);
      if (status === 0) return readTables(stdout);
      if (/^unshare: /m.test(stderr)) return null;
      const { message, statement } = nftError(stderr, { text: input, originOf: () => null });
      throw new ReadBackError(message, statement);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      if (error.reason !== 'timeout') return null;
      throw new ReadBackError(error.message, null, null, { cause: error });
    }
  }
}

function translated(table: NftTable, listed: NftTable, ours: NftTable): NftTable {
  const declarations = new Map<string, string>();
  for (const [name, text] of table.declarations) {
    declarations.set(
      name,
      text === listed.declarations.get(name) ? (ours.declarations.get(name) ?? text) : text,
    );
  }
  const words = new Map<string, string>();
  for (const [name, rules] of ours.chains) {
    const theirs = listed.chains.get(name) ?? [];
    if (theirs.length !== rules.length) continue;
    for (const [index, rule] of rules.entries()) words.set(theirs[index] as string, rule);
  }
  const chains = new Map<string, readonly string[]>();
  for (const [name, rules] of table.chains)
    chains.set(
      name,
      rules.map((rule) => words.get(rule) ?? rule),
    );
  return { ...table, declarations, chains };
}

/** Everything but the elements, as input of nft. */
function staticText({ family, name, declarations, chains }: NftTable): string {
  const lines = [`table ${family} ${name} {`];
  for (const [container, declaration] of declarations) {
    const blank = declaration.indexOf(' ');
    lines.push(
      `${declaration.slice(0, blank)} ${container} {`,
      ...declaration.slice(blank + 1).split('; '),
      '}',
    );
  }
  for (const [chain, rules] of chains) lines.push(`chain ${chain} {`, ...rules, '}');
  return `${lines.join('\n')}\n}\n`;
}
