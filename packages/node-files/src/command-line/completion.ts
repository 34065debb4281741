import type { Described } from './described.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The script that a shell sources to complete a program's commands and options. */
export function completionScript(program: Described, shell: Shell): string {
  return shell === 'fish' ? fishScript(program) : bashScript(program, shell)
}

/** One command by its words, and the options that may follow. */
type Place = { readonly words: readonly string[]; readonly next: readonly string[] }

function placesOf(command: Described, words: readonly string[] = []): Place[] {
  const shown = command.createHelp().visibleCommands(command)
  const options = command.createHelp().visibleOptions(command)
  const next = [...shown.map((one) => one.name()), ...options.flatMap(({ long }) => long ?? [])]
  return [
    { words, next },
    ...shown.filter((one) => one.name() !== 'help').flatMap((one) => placesOf(one, [...words, one.name()])),
  ]
}

/** Keeps `${…}` for the shell. */
const expansion = (inner: string): string => `$${'{'}${inner}}`

/** Options and their values may stand between a command's words, so only its own words are compared. Files are offered otherwise. */
function bashScript(program: Described, shell: 'bash' | 'zsh'): string {
  const name = program.name()
  const run = `_${name.replaceAll('-', '_')}`
  const places = placesOf(program)
  const cases = places.map(({ words, next }) => `    '${words.join(' ')}') next='${next.join(' ')}' ;;`)
  const known = places.filter(({ words }) => words.length > 0).map(({ words }) => `'${words.join(' ')}'`)
  return [
    ...(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    `${run}() {`,
    '  local place= word next= try',
    '  COMPREPLY=()',
    `  for word in "${expansion('COMP_WORDS[@]:1:COMP_CWORD-1')}"; do`,
    `    try="${expansion('place:+$place ')}$word"`,
    '    case "$try" in',
    `    ${known.join('|')}) place=$try ;;`,
    '    esac',
    '  done',
    '  case "$place" in',
    ...cases,
    '  esac',
    `  COMPREPLY=($(compgen -W "$next" -- "${expansion('COMP_WORDS[COMP_CWORD]')}"))`,
    '}',
    `complete -o default -F ${run} ${name}`,
  ].join('\n')
}

function fishScript(program: Described): string {
  const lines = placesOf(program).flatMap(({ words, next }) => {
    const deeper = next.filter((word) => !word.startsWith('--'))
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`)
    const not = deeper.length === 0 ? [] : [`not __fish_seen_subcommand_from ${deeper.join(' ')}`]
    const when = [...seen, ...not].join('; and ')
    const at = when === '' ? '' : ` -n '${when}'`
    return next.map((word) =>
      word.startsWith('--')
        ? `complete -c ${program.name()}${at} -l ${word.slice(2)}`
        : `complete -c ${program.name()}${at} -a ${word}`,
    )
  })
  return lines.join('\n')
}
