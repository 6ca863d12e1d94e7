import type { CommandWords, OptionWords } from './describe-program.js';

/**
 * A completion script for bash, from version 3.2 on (which macOS has): `source <(shunt completion bash)`.
 * Names with blanks stay whole, and "--output=json", which bash hands over as three words, is one option.
 * @see the GNU Bash manual, "Programmable Completion"
 */
export function bashCompletion(commands: readonly CommandWords[]): string {
  return `# bash completion for shunt
_shunt_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_shunt_files() {
  local IFS=$'\\n'
  type compopt > /dev/null 2>&1 && compopt -o filenames 2> /dev/null
  COMPREPLY=($(compgen -f -- "$cur"))
}
_shunt() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    _shunt_words '${commands.map((it) => it.name).join(' ')} help --help --version'
    return
  fi
  case \${COMP_WORDS[1]} in
    help) _shunt_words '${commands.map((it) => it.name).join(' ')}' ;;
${commands.map(commandCase).join('\n')}
  esac
}
complete -F _shunt shunt
`;
}

function commandCase({ name, choices, options }: CommandWords): string {
  const values = options.flatMap((option) => valueCase(option));
  const flags = options.flatMap((it) => it.flags.filter((flag) => flag.startsWith('--')));
  // Words first, and files behind the word.
  const rest =
    choices.length > 0
      ? `if ((COMP_CWORD == 2)); then _shunt_words '${choices.join(' ')}'; else _shunt_files; fi`
      : '_shunt_files';
  return `    ${name})
      case $prev in
${values.join('\n')}
      esac
      if [[ $cur == -* ]]; then _shunt_words '${flags.join(' ')}'; else ${rest}; fi
      ;;`;
}

/** What may stand behind an option; nothing is offered for a value that is free. */
function valueCase({ flags, value }: OptionWords): string[] {
  if (value === null) return [];
  const offer =
    value === 'files' ? '_shunt_files; ' : value === 'free' ? '' : `_shunt_words '${value.join(' ')}'; `;
  return [`        ${flags.join(' | ')}) ${offer}return ;;`];
}
