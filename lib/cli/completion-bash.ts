import type { Completable } from './completable.js'
import { LAUNCH_OPTIONS, type OptionTable } from './options.js'

/**
 * For bash. In `COMP_WORDS` a `=` is a word of its own. Where nothing is offered, `-o default` completes the names of
 * files. https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
 */
export function bashCompletion(commands: readonly Completable[]): string {
  const ownNames = optionNames(LAUNCH_OPTIONS).join(' ')
  return `# source <(fastify-graceful-reload completion bash)
_fastify_graceful_reload() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at=1
  [[ $word == = ]] && word=
  [[ $before == = ]] && before=\${COMP_WORDS[COMP_CWORD-2]}
  COMPREPLY=()
  if ((COMP_CWORD > 1)); then
    case \${COMP_WORDS[1]} in
${commands.map(commandCase).join('\n')}
    esac
  fi
  while ((at < COMP_CWORD)); do
    case \${COMP_WORDS[at]} in
      ${optionNames(withoutValue(LAUNCH_OPTIONS)).join('|')}) ((at++)) ;;
      ${optionNames(withValue(LAUNCH_OPTIONS)).join('|')})
        [[ \${COMP_WORDS[at+1]} == = ]] && ((at++))
        ((at += 2)) ;;
      *) _fastify_graceful_reload_files; return ;;
    esac
  done
${valueCases(LAUNCH_OPTIONS, '  ')}  if [[ $word == -* ]]; then _fastify_graceful_reload_words "${ownNames}"; return; fi
  _fastify_graceful_reload_files
  if ((COMP_CWORD == 1)); then COMPREPLY+=($(compgen -W "${commands.map(({ name }) => name).join(' ')}" -- "$word")); fi
}
_fastify_graceful_reload_words() {
  COMPREPLY=($(compgen -W "$1" -- "$word"))
}
_fastify_graceful_reload_files() {
  type compopt &>/dev/null && compopt -o filenames 2>/dev/null
  local IFS=$'\\n'
  COMPREPLY=($(compgen "\${1:--f}" -- "$word"))
}
complete -o default -F _fastify_graceful_reload fastify-graceful-reload fastify-graceful
`
}

function commandCase({ name, options, words }: Completable): string {
  const names = optionNames(options).join(' ')
  const cases = valueCases(options, '        ')
  return `      ${name})
${cases}        if [[ $word == -[^0-9]* || $word == - ]]; then _fastify_graceful_reload_words "${names}"
        else _fastify_graceful_reload_words "${words.length > 0 ? words.join(' ') : names}"; fi
        return ;;`
}

/** The value of the option before the word. */
function valueCases(options: OptionTable, indent: string): string {
  const cases = Object.entries(withValue(options)).map(([name, { completes }]) => {
    if (completes === 'file') return `--${name}) _fastify_graceful_reload_files; return ;;`
    if (completes === 'directory') return `--${name}) _fastify_graceful_reload_files -d; return ;;`
    return `--${name}) _fastify_graceful_reload_words "${(completes ?? []).join(' ')}"; return ;;`
  })
  return cases.length === 0
    ? ''
    : `${indent}case $before in\n${indent}  ${cases.join(`\n${indent}  `)}\n${indent}esac\n`
}

function withValue(options: OptionTable): OptionTable {
  return Object.fromEntries(Object.entries(options).filter(([, { value }]) => value !== undefined))
}

function withoutValue(options: OptionTable): OptionTable {
  return Object.fromEntries(Object.entries(options).filter(([, { value }]) => value === undefined))
}

function optionNames(options: OptionTable): string[] {
  return Object.entries(options).flatMap(([name, { short }]) => [
    `--${name}`,
    ...(short === undefined ? [] : [`-${short}`])
  ])
}
