import type { Command, Option } from 'commander';

/** What a shell can complete, read off the program itself. */
export interface CommandWords {
  readonly name: string;
  readonly description: string;
  /** Values of its first argument; empty when it takes files, or nothing. */
  readonly choices: readonly string[];
  readonly options: readonly OptionWords[];
}

export interface OptionWords {
  /** `--output` and, if there is one, `-o`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** `files`: any path; a list: one of these; `null`: takes no value; `free`: anything. */
  readonly value: 'files' | 'free' | null | readonly string[];
}

export function describeProgram(program: Command): CommandWords[] {
  return program.commands
    .filter((command) => !('_hidden' in command && command._hidden === true))
    .map((command) => ({
      name: command.name(),
      description: command.description(),
      choices: command.registeredArguments[0]?.argChoices ?? [],
      options: [...command.options.filter((option) => !option.hidden).map(describeOption), HELP],
    }));
}

const HELP: OptionWords = { flags: ['--help', '-h'], description: 'print help', value: null };

function describeOption(option: Option): OptionWords {
  const flags = [option.long, option.short].filter((flag) => typeof flag === 'string');
  return { flags, description: option.description, value: optionValue(option) };
}

function optionValue(option: Option): OptionWords['value'] {
  if (!option.required && !option.optional) return null;
  if (option.argChoices !== undefined) return option.argChoices;
  return /<(?:path|file)>/.test(option.flags) ? 'files' : 'free';
}
