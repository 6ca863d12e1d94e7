import type { CommandWords } from './describe-program.js';

/** A completion script for bash 4 and newer: `source <(shunt completion bash)`. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  return `# bash completion for shunt
_shunt() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=( $(compgen -W "${commands.map((it) => it.name).join(' ')} --help --version" -- "$cur") )
    return
  fi
  case "$command" in
${commands.map(commandCase).join('\n')}
  esac
}
complete -o filenames -o bashdefault -F _shunt shunt
`;
}

function commandCase({ name, choices, options }: CommandWords): string {
  const values = options.flatMap(({ flags, value }) => {
    if (value === null) return [];
    const words =
      value === 'files'
        ? '$(compgen -f -- "$cur")'
        : value === 'free'
          ? ''
          : `$(compgen -W "${value.join(' ')}" -- "$cur")`;
    return [`        ${flags.join('|')}) COMPREPLY=( ${words} ); return ;;`];
  });
  const flags = options.flatMap((it) => it.flags.filter((flag) => flag.startsWith('--')));
  const rest = choices.length > 0 ? `-W "${choices.join(' ')}"` : '-f';
  return `    ${name})
      case "$prev" in
${values.join('\n')}
      esac
      if [[ $cur == -* ]]; then COMPREPLY=( $(compgen -W "${flags.join(' ')}" -- "$cur") )
      else COMPREPLY=( $(compgen ${rest} -- "$cur") ); fi ;;`;
}
