import type { Argument, Command, Option } from 'commander'
import type { CommandLine } from './command-line.ts'

/** Last of all, when every other command is there. */
export function registerManual({ program, act }: CommandLine): void {
  program
    .command('manual')
    .description('Write the manual page of every command and option, for man.')
    .action(() =>
      act(() => {
        const page = manualOf(program)
        return { exit: 0, json: { ok: true, page }, text: page }
      }),
    )
    .addHelpText(
      'after',
      `
Example:
  $ custody manual > ~/.local/share/man/man1/custody.1 && man custody`,
    )
}

/** In the language of man(7). */
function manualOf(program: Command): string {
  const title = program.name()
  return [
    `.TH ${title.toUpperCase()} 1 "" "${title} ${program.version() ?? ''}"`,
    '.SH NAME',
    `${title} \\- ${plain(program.description())}`,
    '.SH SYNOPSIS',
    `.B ${title}`,
    '[options] command',
    '.SH OPTIONS',
    ...optionsOf(program),
    '.SH COMMANDS',
    ...commandsOf(program, []),
  ].join('\n')
}

function commandsOf(command: Command, above: readonly string[]): string[] {
  const inner = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')
  return inner.flatMap((one) => {
    const words = [...above, one.name()]
    const group = one.commands.length > 0
    if (group) return ['.PP', plain(one.description()), ...commandsOf(one, words)]
    const form = one.registeredArguments.map(argumentForm).join(' ')
    return [
      `.SS ${plain(['custody', ...words, form].join(' ').trim())}`,
      plain(one.description()),
      ...one.registeredArguments.flatMap(argumentOf),
      ...optionsOf(one),
      ...exampleOf(one),
    ]
  })
}

const argumentForm = (one: Argument): string => (one.required ? `<${one.name()}>` : `[${one.name()}]`)

function argumentOf(one: Argument): string[] {
  return ['.TP', `.I ${plain(one.name())}`, plain(one.description)]
}

function optionsOf(command: Command): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
    .flatMap((option: Option) => ['.TP', `.B ${plain(option.flags)}`, plain(option.description)])
}

/** What help says behind the options: remarks and examples, line by line as they are. */
function exampleOf(command: Command): string[] {
  let after = ''
  const before = command.configureOutput()
  command.configureOutput({ writeOut: (text) => (after += text) })
  command.outputHelp()
  command.configureOutput(before)
  const said = after.slice(command.helpInformation().length).trim()
  return said === '' ? [] : ['.PP', '.nf', ...said.split('\n').map(plain), '.fi']
}

/** Text as man sets it: no line of it is taken for a request. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('\n', ' ')
    .replace(/^(?=[.'])/, '\\&')
}
