import { variables } from '../../apps/companion-server/src/platform/environment.ts'

/** Every variable that the server reads, from where it reads them. */
export const settingsPage = (): string =>
  [
    '# Settings of the server',
    '',
    'The server reads these variables of its environment, and no others. Empty is the same as not set. `custody-server manual`',
    'lists them too. A secret in its environment is refused (`SECRET-IN-ENVIRONMENT`): name its file instead.',
    '',
    '| variable | meaning |',
    '|---|---|',
    ...variables.map(({ name, meaning }) => `| \`${name}\` | ${meaning} |`),
    '',
  ].join('\n')
