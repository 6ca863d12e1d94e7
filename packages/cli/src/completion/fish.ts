import type { CommandWords, OptionWords } from './describe-program.js';

/** A completion script for fish: `shunt completion fish | source`. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, description, choices, options }) => {
    const seen = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c shunt -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...options.map((option) => `complete -c shunt ${seen} ${optionWords(option)}`),
      choices.length > 0
        ? `complete -c shunt -f ${seen} -a ${quoted(choices.join(' '))}`
        : `complete -c shunt -F ${seen}`,
    ];
  });
  return `# fish completion for shunt\n${lines.join('\n')}\n`;
}

function optionWords({ flags, description, value }: OptionWords): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const kind =
    value === null
      ? []
      : value === 'files'
        ? ['-r', '-F']
        : value === 'free'
          ? ['-x']
          : ['-x', `-a ${quoted(value.join(' '))}`];
  return [...names, ...kind, `-d ${quoted(description)}`].join(' ');
}

function quoted(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
}
