import { readFileSync } from 'node:fs'
import { EnvironmentError } from '../refusal.ts'
import { variables } from './environment.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What the server reads of its environment. A name that looks like one of them and is none of them is a slip of the pen. */
export const containerSettings: readonly string[] = variables.map(({ name }) => name).toSorted()
const prefixOf = (name: string): string => (name.includes('_') ? name.slice(0, name.indexOf('_')) : '')
// OTEL_ is the standard's: its exporters read more of it than the server does. The last three are how other images name theirs.
const ours = new Set([...containerSettings.map(prefixOf), 'KMS', 'PG', 'POSTGRES'])
for (const none of ['', 'OTEL']) ours.delete(none)

/** The image sets it: there, the rules below hold. */
export function inContainer(environment: Environment = process.env): boolean {
  return environment.LUX_CONTAINER === '1'
}

/**
 * What must be so before anything starts in a container. `mounts` is the text of /proc/self/mounts. Throws CONTAINER-ROOT,
 * CONTAINER-WRITABLE, CONTAINER-SETTING.
 */
export function requireContainer(environment: Environment, uid: number, mounts: string): void {
  if (uid === 0) throw new EnvironmentError('CONTAINER-ROOT', 'the container runs as user 0')
  const root = mounts.split('\n').filter((line) => line.split(' ')[1] === '/')
  // A mount may hide another one: the last line is what is seen.
  const options = root.at(-1)?.split(' ')[3]?.split(',') ?? []
  if (!options.includes('ro'))
    throw new EnvironmentError('CONTAINER-WRITABLE', 'the root file system is mounted read-write')
  for (const name of Object.keys(environment)) {
    if (ours.has(prefixOf(name)) && !containerSettings.includes(name))
      throw new EnvironmentError(
        'CONTAINER-SETTING',
        `${name} is no setting of this server: ${containerSettings.join(', ')}`,
      )
  }
}

/** Looks where this process runs. */
export function guardContainer(): void {
  if (inContainer())
    requireContainer(process.env, process.getuid?.() ?? 0, readFileSync('/proc/self/mounts', 'utf8'))
}

const maxSecret = 4096

/**
 * A setting, or the first line of the file that NAME_FILE names: how a container is given what nobody may read from its
 * environment. Empty counts as none. Throws CONTAINER-SETTING, CONTAINER-SECRET.
 */
export function settingOf(name: string, environment: Environment = process.env): string | undefined {
  const value = environment[name] || undefined
  const file = environment[`${name}_FILE`] || undefined
  if (file === undefined) return value
  if (value !== undefined)
    throw new EnvironmentError('CONTAINER-SETTING', `${name} and ${name}_FILE are both set: give one of them`)
  const text = textOf(name, file)
  const line = (text.split('\n')[0] ?? '').trim()
  if (line === '' || text.length > maxSecret)
    throw new EnvironmentError('CONTAINER-SECRET', `${name}_FILE: ${file} holds no value in its first line`)
  return line
}

function textOf(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new EnvironmentError('CONTAINER-SECRET', `${name}_FILE: ${file}: ${code}`, { cause: error })
  }
}
