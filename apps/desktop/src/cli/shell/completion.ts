import { Argument, type Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import type { Outcome } from './output.ts'

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

/** Last of all, when every other command is there. */
export function registerCompletion({ program, act }: CommandLine): void {
  program
    .command('completion')
    .description('Write the completion of every command and option for a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action((shell: Shell) => act(() => completion(program, shell)))
    .addHelpText(
      'after',
      `
Examples:
  $ custody completion bash > ~/.local/share/bash-completion/completions/custody
  $ custody completion zsh > ~/.custody-completion.zsh   # and source it in ~/.zshrc
  $ custody completion fish > ~/.config/fish/completions/custody.fish`,
    )
}

function completion(program: Command, shell: Shell): Outcome {
  const script = shell === 'fish' ? fishScript(program) : bashScript(program, shell)
  return { exit: 0, json: { ok: true, shell, script }, text: script }
}

/** One command by its words, and what may follow them. */
type Place = { readonly words: readonly string[]; readonly next: readonly string[] }

function placesOf(command: Command, words: readonly string[] = []): Place[] {
  const shown = command.createHelp().visibleCommands(command)
  const options = command.createHelp().visibleOptions(command)
  const next = [...shown.map((one) => one.name()), ...options.flatMap(({ long }) => long ?? [])]
  return [
    { words, next },
    ...shown.filter((one) => one.name() !== 'help').flatMap((one) => placesOf(one, [...words, one.name()])),
  ]
}

/** ${…} of a shell. */
const expansion = (inner: string): string => `$${'{'}${inner}}`

/** Options and their values stand between the words of a command, so only its own words count; else files are offered. */
function bashScript(program: Command, shell: 'bash' | 'zsh'): string {
  const places = placesOf(program)
  const cases = places.map(({ words, next }) => `    '${words.join(' ')}') next='${next.join(' ')}' ;;`)
  const known = places.filter(({ words }) => words.length > 0).map(({ words }) => `'${words.join(' ')}'`)
  return [
    ...(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    '_custody() {',
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
    'complete -o default -F _custody custody',
  ].join('\n')
}

function fishScript(program: Command): string {
  const lines = placesOf(program).flatMap(({ words, next }) => {
    const deeper = next.filter((word) => !word.startsWith('--'))
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`)
    const not = deeper.length === 0 ? [] : [`not __fish_seen_subcommand_from ${deeper.join(' ')}`]
    const when = [...seen, ...not].join('; and ')
    const at = when === '' ? '' : ` -n '${when}'`
    return next.map((word) =>
      word.startsWith('--')
        ? `complete -c custody${at} -l ${word.slice(2)}`
        : `complete -c custody${at} -a ${word}`,
    )
  })
  return lines.join('\n')
}
