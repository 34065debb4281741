export type DescribedArgument = { name(): string; required: boolean; description: string }
type DescribedOption = { flags: string; long?: string | undefined; description: string }

/** A command as it describes itself: what is read of one of commander's. */
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
