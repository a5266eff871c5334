import type { Completable } from './completable.js'
import { LAUNCH_OPTIONS, type OptionEntry, type OptionTable } from './options.js'

/**
 * For zsh, to be read by `source` or as a file in `$fpath`:
 * https://zsh.sourceforge.io/Doc/Release/Completion-System.html
 */
export function zshCompletion(commands: readonly Completable[]): string {
  const described = commands.map(({ name, summary }) => quoted(`${name}:${summary.replaceAll(':', '\\:')}`))
  return `#compdef fastify-graceful-reload fastify-graceful
# source <(fastify-graceful-reload completion zsh)
_fastify_graceful_reload() {
  local curcontext="$curcontext" state
  local -a commands
  if (( CURRENT > 2 )); then
    case $words[2] in
${commands.map(commandCase).join('\n')}
    esac
  fi
  _arguments -S : ${specsOf(LAUNCH_OPTIONS).join(' ')} '1: :->first' '*:::arguments:_files'
  if [[ $state == first ]]; then
    commands=(${described.join(' ')})
    (( CURRENT == 2 )) && _describe -t commands command commands
    _files
  fi
}
if [[ $funcstack[1] == _fastify_graceful_reload ]]; then
  _fastify_graceful_reload "$@"
else
  compdef _fastify_graceful_reload fastify-graceful-reload fastify-graceful
fi
`
}

function commandCase({ name, options, words }: Completable): string {
  const argument = words.length === 0 ? [] : [quoted(`1:argument:(${words.join(' ')})`)]
  return `      ${name})
        shift words; (( CURRENT-- ))
        _arguments -S : ${[...specsOf(options), ...argument].join(' ')}
        return ;;`
}

function specsOf(options: OptionTable): string[] {
  return Object.entries(options).flatMap(([name, entry]) => {
    const long = quoted(`--${name}${entry.value === undefined ? '' : '='}${described(entry)}${valueSpec(entry)}`)
    return entry.short === undefined ? [long] : [long, quoted(`-${entry.short}${described(entry)}`)]
  })
}

function described({ summary }: OptionEntry): string {
  return `[${summary.replaceAll(/[[\]\\]/g, '\\$&')}]`
}

function valueSpec({ value, completes }: OptionEntry): string {
  if (value === undefined) return ''
  const action =
    completes === 'file' ? '_files' : completes === 'directory' ? '_files -/' : `(${(completes ?? []).join(' ')})`
  return `:${value.replaceAll(':', '\\:')}:${action}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
