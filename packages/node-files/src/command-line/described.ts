export type DescribedArgument = { name(): string; required: boolean; description: string }
type DescribedOption = { flags: string; long?: string | undefined; description: string }

/** The parts of commander's Command that the help and the manual use. */
export type Described = {
  name(): string
  description(): string
  version(): string | undefined
  readonly commands: readonly Described[]
  readonly registeredArguments: readonly DescribedArgument[]
  createHelp(): {
    visibleCommands(command: Described): Described[]
    visibleOptions(command: Described): DescribedOption[]
  }
  helpInformation(): string
  outputHelp(): void
  configureOutput(): object
  configureOutput(to: { writeOut?(text: string): void }): unknown
}
