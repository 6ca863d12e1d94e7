import { type Command, Option } from 'commander';

/** Adds `-o, --output`, text by default. */
export function addFormatOption(command: Command, ...more: readonly string[]): Command {
  const choices = ['text', 'json', 'yaml', ...more];
  return command.addOption(
    new Option('-o, --output <format>', 'how to print').choices(choices).default('text'),
  );
}
