import { randomBytes } from 'node:crypto'
import { scopesWhere } from '../../access/authorize.ts'
import { checkPage } from '../../access/page.ts'
import { entry, given, reads } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import {
  algorithmOf,
  id,
  type KeyParts,
  type KeyWork,
  keyPermission,
  orAbsent,
  undestroyed,
  version,
} from '../key-work.ts'
import { checkSearch } from '../named.ts'
import type { KeyPage } from '../repository.ts'
import { publicKeyOf, type SigningAlgorithm, signingAlgorithmsOf } from '../signing.ts'

const maxRandom = 65_536

/** `withStates`: of current versions too. `withUses`: when each was used last. */
type WantedPage = Omit<KeyPage, 'scopes'> & { readonly withStates?: boolean; readonly withUses?: boolean }

/** What is read of keys and around them. */
export function readingEntries({ repository, unwrapping }: KeyParts, work: KeyWork) {
  const { onKey, inProject, versionOf } = work
  const readable = { ...reads, ...onKey('key.read') }

  return {
    list: entry({
      ...reads,
      ...inProject('key.read'),
      name: 'key.list',
      input: { project: id, page: given<WantedPage>() },
      fits({ input: { page } }) {
        const within = checkPage(page)
        return within.ok ? checkSearch(page.search) : within
      },
      async run({ call, found, input: { project, page } }) {
        const scopes = scopesWhere(call.caller, 'key.read', { kind: 'project', ...found })
        const { keys, total, counts } = await repository.listKeys(project, { ...page, scopes })
        const used = page.withUses ? await repository.lastUses(keys.map((key) => key.id)) : null
        const current = page.withStates
          ? await Promise.all(keys.map((key) => repository.findVersion(key, key.current_version)))
          : []
        const states = current.flatMap((one) =>
          one === 'absent' ? [] : [[one.row.owner, one.state] as const],
        )
        return accept({ keys, total, counts, used, states: new Map(states) })
      },
    }),

    get: entry({
      ...readable,
      name: 'key.read',
      input: { id },
      run: async ({ found }) => accept(found),
    }),

    getByName: entry({
      ...reads,
      name: 'key.read',
      input: { project: id, name: Type.String({ minLength: 1, maxLength: 200 }) },
      find: async ({ project, name }) => orAbsent(await repository.findByName(project, name)),
      permissions: (key) => [keyPermission('key.read', key)],
      run: async ({ found }) => accept(found),
    }),

    versions: entry({
      ...readable,
      name: 'key.versions',
      input: { id },
      run: async ({ found }) => accept(await repository.listVersions(found)),
    }),

    /** Of the current version, or of another that is not destroyed. */
    publicKey: entry({
      ...readable,
      name: 'key.public-key',
      input: { id, version: Type.Optional(version) },
      async run({ found: key, input, subject }): Promise<Outcome<{ spki: Uint8Array; version: number }>> {
        if (key.key_usage !== 'sign-verify')
          return refuse('KEY-USAGE', `a key of algorithm ${key.algorithm} has no public half`)
        const wanted = input.version ?? key.current_version
        const its = await versionOf(key, wanted, undestroyed)
        if (!its.ok) return its
        subject.version = wanted
        const spki = await unwrapping.useKey(key, its.value, (bytes) =>
          publicKeyOf(bytes).export({ type: 'spki', format: 'der' }),
        )
        return accept({ spki, version: wanted })
      },
    }),

    signingAlgorithms: entry({
      ...readable,
      name: 'key.signing-algorithms',
      input: { id },
      async run({ found }): Promise<Outcome<readonly SigningAlgorithm[]>> {
        const algorithm = algorithmOf(found)
        const names = algorithm === null ? [] : signingAlgorithmsOf(algorithm)
        if (names.length > 0) return accept(names)
        return refuse('KEY-USAGE', `a key of algorithm ${found.algorithm} does not sign`)
      },
    }),

    /** Where a project is, for whoever sees its keys: what a door asks that stands for one project. */
    place: entry({
      ...reads,
      ...inProject('key.read'),
      name: 'project.read',
      input: { project: id },
      run: async ({ found }) => accept(found),
    }),

    /** Random bytes for whoever uses the keys of a project. */
    random: entry({
      ...reads,
      ...inProject('key.use'),
      name: 'random',
      input: { project: id, length: Type.Integer() },
      fits: ({ input: { length } }) =>
        length >= 1 && length <= maxRandom
          ? accept(null)
          : refuse('BODY-TOO-LONG', `1 to ${maxRandom} random bytes at once`),
      run: async ({ input: { length } }) => accept(new Uint8Array(randomBytes(length))),
    }),
  }
}
