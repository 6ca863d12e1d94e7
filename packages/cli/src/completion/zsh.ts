import type { CommandWords, OptionWords } from './describe-program.js';

/** A completion script for zsh: `source <(shunt completion zsh)` after compinit, or a file `_shunt` in fpath. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  return `#compdef shunt
# zsh completion for shunt
_shunt() {
  local -a commands
  commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}
if [ "$funcstack[1]" = _shunt ]; then _shunt "$@"; else compdef _shunt shunt; fi
`;
}

function commandCase({ name, choices, options }: CommandWords): string {
  const specs = options.flatMap((option) => option.flags.map((flag) => quoted(optionSpec(flag, option))));
  const rest = choices.length > 0 ? `1:what:(${choices.join(' ')})` : '*:file:_files';
  return `    ${name}) _arguments -s ${[...specs, quoted(rest)].join(' \\\n      ')} ;;`;
}

function optionSpec(flag: string, { description, value }: OptionWords): string {
  const spec = `*${flag}[${description.replace(/[[\]:]/g, '')}]`;
  if (value === null) return spec;
  if (value === 'files') return `${spec}:file:_files`;
  return value === 'free' ? `${spec}:value: ` : `${spec}:value:(${value.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}
