import type { Described, DescribedArgument } from './described.ts'

/** What a program reads of its environment. */
export type Setting = { readonly name: string; readonly meaning: string }

/** A manual page, in the macros of man(7). */
export function manualPage(program: Described, settings: readonly Setting[] = []): string {
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
    ...commandsOf(program, program.name(), []),
    ...(settings.length === 0 ? [] : ['.SH ENVIRONMENT']),
    ...settings.flatMap(({ name, meaning }) => ['.TP', `.B ${plain(name)}`, plain(meaning)]),
  ].join('\n')
}

function commandsOf(command: Described, program: string, above: readonly string[]): string[] {
  const inner = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')
  return inner.flatMap((one) => {
    const words = [...above, one.name()]
    const group = one.commands.length > 0
    if (group) return ['.PP', plain(one.description()), ...commandsOf(one, program, words)]
    const form = one.registeredArguments.map(argumentForm).join(' ')
    return [
      `.SS ${plain([program, ...words, form].join(' ').trim())}`,
      plain(one.description()),
      ...one.registeredArguments.flatMap(argumentOf),
      ...optionsOf(one),
      ...exampleOf(one),
    ]
  })
}

const argumentForm = (one: DescribedArgument): string =>
  one.required ? `<${one.name()}>` : `[${one.name()}]`

function argumentOf(one: DescribedArgument): string[] {
  return ['.TP', `.I ${plain(one.name())}`, plain(one.description)]
}

function optionsOf(command: Described): string[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
    .flatMap((option) => ['.TP', `.B ${plain(option.flags)}`, plain(option.description)])
}

/** What help prints after the options, remarks and examples, line by line. */
function exampleOf(command: Described): string[] {
  let after = ''
  const before = command.configureOutput()
  command.configureOutput({ writeOut: (text) => (after += text) })
  command.outputHelp()
  command.configureOutput(before)
  const said = after.slice(command.helpInformation().length).trim()
  return said === '' ? [] : ['.PP', '.nf', ...said.split('\n').map(plain), '.fi']
}

/** Escapes text, so that man reads no line as a macro. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('\n', ' ')
    .replace(/^(?=[.'])/, '\\&')
}
