import { verifyBundle } from '@lux/ceremony/bundle'
import { ExpectedError, fileReader } from '@lux/node-files'
import { burntBy } from '@lux/people'
import type { Command } from 'commander'
import { severalOf } from '../shell/command-line.ts'

export type BurntOptions = { burnt?: string[] }

/** Each names a bundle of a drill or a restore, after which nobody may rely on the backup that it opened. */
export function withBurnt(command: Command): Command {
  return command.option(
    '--burnt <bundle>',
    'a bundle of an earlier drill or restore: a share of the set that it burnt is refused',
    severalOf,
  )
}

/** `identifiers`: of SLIP-39, which no later backup may have. */
type Burnt = { sets: ReadonlySet<string>; identifiers: readonly number[] }

/**
 * What these bundles burnt. Whose they are is not asked: a set that anybody says is burnt is not used until that is cleared up.
 * Errors: BUNDLE-BURNS-NOTHING, FILE-….
 */
export async function readBurnt({ burnt = [] }: BurntOptions): Promise<Burnt> {
  const sets = new Set<string>()
  const identifiers: number[] = []
  for (const path of burnt) {
    const reader = fileReader(path)
    try {
      const { contents } = await verifyBundle(reader, {})
      const set = contents === null ? null : burntBy(contents.predicate)
      if (contents === null || set === null)
        throw new ExpectedError('BUNDLE-BURNS-NOTHING', `${path} opened no backup`)
      sets.add(set)
      const { recovery, backups = [] } = contents.predicate
      for (const { identifier } of [...backups, ...(recovery === undefined ? [] : [recovery.backup])])
        identifiers.push(identifier)
    } finally {
      reader.close()
    }
  }
  return { sets, identifiers }
}
