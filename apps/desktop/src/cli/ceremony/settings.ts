import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { issueText } from '@lux/ceremony/wire'
import { encodeCanonical, fromUtf8 } from '@lux/crypto'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import * as v from 'valibot'
import { WrongUse } from '../shell/wrong-use.ts'
import { type TokenUri, tokenUri } from '../token/uri.ts'

const lineage = v.strictObject({
  sequence: v.string(),
  previous: v.nullable(v.string()),
  supersedes: v.array(v.string()),
})

const schema = v.strictObject({
  v: v.literal(1),
  /** URI by role; `<role>.so` is the security officer's view of the same token. */
  tokens: v.record(v.string(), v.string()),
  medium: v.nullable(v.string()),
  /** What the library reads of its environment, and is told when it starts: the same at every resume. */
  environment: v.exactOptional(v.record(v.string(), v.string())),
  initString: v.exactOptional(v.string()),
  /** Of SLIP-39, of the backups that `--burnt` named: no backup of this run gets one of them. */
  identifiers: v.exactOptional(v.array(v.pipe(v.number(), v.safeInteger()))),
  lineage,
  /** By audience, of every server after the first. */
  others: v.exactOptional(v.record(v.string(), lineage)),
})

/** DIR/run.json of a production run: where its tokens and its medium are, so that resuming needs no more than DIR. */
export type RunSettings = v.InferOutput<typeof schema>

export const settingsFile = 'run.json'

export function saveSettings(folder: string, settings: RunSettings): void {
  writeDurably(join(folder, settingsFile), encodeCanonical(settings))
}

/** Null in a rehearsal's folder. Errors: FILE-DAMAGED. */
export function loadSettings(folder: string): RunSettings | null {
  const path = join(folder, settingsFile)
  if (!existsSync(path)) return null
  const parsed = v.safeParse(schema, json(path))
  if (!parsed.success) {
    throw new ExpectedError('FILE-DAMAGED', `${path}: ${issueText(parsed.issues[0])}`)
  }
  return parsed.output
}

function json(path: string): unknown {
  try {
    return JSON.parse(fromUtf8(readBounded(path, 1 << 20)))
  } catch (error) {
    if (error instanceof ExpectedError) throw error
    return null
  }
}

/** How the run's library is started. */
export function startedBy({ environment, initString }: Pick<RunSettings, 'environment' | 'initString'>) {
  return {
    ...(environment === undefined ? {} : { environment }),
    ...(initString === undefined ? {} : { initString }),
  }
}

export type RunToken = { role: string; user: TokenUri; so: TokenUri | null }

/** `--token ROLE=URI`, many times, and `ROLE.so=URI`. Errors: TOKEN-URI, TOKEN-ROLE. */
export function readTokens(tokens: Readonly<Record<string, string>>): RunToken[] {
  const roles = Object.keys(tokens).filter((name) => !name.endsWith('.so'))
  for (const name of Object.keys(tokens)) {
    if (name.endsWith('.so') && !roles.includes(name.slice(0, -3))) {
      throw new WrongUse('TOKEN-ROLE', `--token ${name}: the token itself is not named`)
    }
  }
  return roles.map((role) => {
    const so = tokens[`${role}.so`]
    return { role, user: tokenUri(tokens[role] ?? ''), so: so === undefined ? null : tokenUri(so) }
  })
}

/** The one library that all tokens of a run are reached through. Errors: TOKEN-URI, TOKEN-LIBRARIES. */
export function libraryOf(tokens: readonly RunToken[]): string {
  const paths = new Set(
    tokens.map(({ role, user }) => {
      if (user.modulePath === null) {
        throw new WrongUse('TOKEN-URI', `--token ${role}: no module-path`)
      }
      return user.modulePath
    }),
  )
  const [path] = paths
  if (path === undefined) throw new WrongUse('TOKEN-ROLE', 'no token is named')
  if (paths.size > 1) {
    throw new WrongUse('TOKEN-LIBRARIES', `a run uses one library: ${[...paths].join(', ')}`)
  }
  return path
}
