import { wipe } from '@lux/crypto'
import { absent, mayRename } from '../../access/authorize.ts'
import type { Subject } from '../../audit/record.ts'
import { changes, entry } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { algorithms } from '../algorithms.ts'
import {
  algorithmOf,
  chosenStates,
  id,
  type KeyParts,
  type KeyWork,
  ofCeremony,
  resourceOf,
  undestroyed,
  version,
} from '../key-work.ts'
import { checkNamed, checkRotation, maxDescription, rotationOf } from '../named.ts'
import type { StoredKey } from '../repository.ts'
import { named, rotateEveryDays } from './making.ts'

const day = 24 * 3_600_000

/** What who manages a key changes of it. */
export function changingEntries(parts: KeyParts, work: KeyWork) {
  const { repository, now } = parts
  const { onKey, versionOf, changed } = work
  const managed = { ...changes, ...onKey('key.manage') }
  const rotated = openRotation(parts, work)

  return {
    patch: entry({
      ...managed,
      name: 'key.change',
      input: {
        id,
        name: Type.Optional(named.name),
        description: Type.Optional(Type.Union([Type.String({ maxLength: maxDescription }), Type.Null()])),
        isDisabled: Type.Optional(Type.Boolean()),
        minDecryptVersion: Type.Optional(version),
        /** Null: by hand alone. */
        rotateEveryDays: Type.Optional(Type.Union([rotateEveryDays, Type.Null()])),
      },
      shown: ({ id: _, ...patch }) => JSON.stringify(patch),
      fits({ call, found: key, input }) {
        const { name, description, isDisabled, minDecryptVersion: least, rotateEveryDays: days } = input
        const fits = checkNamed({ ...(name === undefined ? {} : { name }), description })
        if (!fits.ok) return fits
        const within = name === undefined ? accept(null) : mayRename(call.caller, resourceOf(key), name)
        if (!within.ok) return within
        const turns = checkRotation(days)
        if (!turns.ok) return turns
        if (days && key.threshold !== null) return ofCeremony()
        if (isDisabled === false && key.destroy_at !== null)
          return refuse('KEY-DELETED', 'its deletion is scheduled: cancel that first')
        if (least !== undefined && (!Number.isInteger(least) || least < 1 || least > key.current_version))
          return refuse('KEY-VERSION-ABSENT', `the key has no version ${least}`)
        return accept(null)
      },
      run({ found: key, input }) {
        const { name, description, isDisabled, minDecryptVersion: least, rotateEveryDays: days } = input
        return changed(key, {
          ...(name === undefined ? {} : { name }),
          ...(description === undefined ? {} : { description }),
          ...(isDisabled === undefined ? {} : { is_disabled: isDisabled }),
          ...(least === undefined ? {} : { min_decrypt_version: least }),
          ...(days === undefined ? {} : rotationOf(days, now())),
        })
      },
    }),

    /** Disables at once, gives the name free, destroys after 1 to 30 days. Again, it changes nothing. */
    delete: entry({
      ...managed,
      name: 'key.delete',
      input: { id, days: Type.Optional(Type.Integer({ minimum: 1, maximum: 30 })) },
      shown: ({ days = 7 }) => `after ${days} days`,
      fits: ({ input: { days = 7 } }) =>
        Number.isInteger(days) && days >= 1 && days <= 30
          ? accept(null)
          : refuse('KEY-DELETION-DAYS', 'a key is destroyed after 1 to 30 days'),
      run: async ({ found: key, input: { days = 7 } }) =>
        key.destroy_at !== null
          ? accept(key)
          : changed(key, { is_disabled: true, destroy_at: new Date(now().getTime() + days * day) }),
    }),

    /** The key stays disabled: switching it on is a decision of its own. */
    cancelDeletion: entry({
      ...managed,
      name: 'key.cancel-deletion',
      input: { id },
      shown: () => 'not to be destroyed',
      fits: ({ found: { destroy_at: at } }) => (at !== null && at <= now() ? tooLate() : accept(null)),
      async run({ found: key }) {
        if (key.destroy_at === null) return accept(key)
        // The clock may have destroyed it since it was read.
        const made = await changed(key, { destroy_at: null })
        return made.ok || made.rule !== 'OBJECT-ABSENT' ? made : tooLate()
      },
    }),

    rotate: entry({
      ...managed,
      name: 'key.rotate',
      input: { id },
      shown: () => 'a new version',
      fits: () => accept(null),
      run: ({ call, found, subject }) => rotated(call.caller.identity, subject, found),
    }),

    setVersionState: entry({
      ...managed,
      name: 'key.set-version-state',
      input: { id, version, state: Type.Enum([...chosenStates]) },
      shown: ({ version, state }) => `version ${version}: ${state}`,
      async fits({ found: key, input: { version, state }, subject }) {
        subject.version = version
        const its = await versionOf(key, version, undestroyed)
        if (!its.ok) return its
        return its.value.state === 'compromised' && state !== 'compromised'
          ? refuse('KEY-VERSION-COMPROMISED', `version ${version} stays compromised`)
          : accept(null)
      },
      async run({ found: key, input: { version, state } }): Promise<Outcome<null>> {
        const changed = await repository.setVersionState(key, version, state)
        return changed ? accept(null) : refuse('KEY-STATE', `version ${version} was changed meanwhile`)
      },
    }),
  }
}

const tooLate = () => refuse('KEY-DELETED', 'its time has come: it is destroyed')

/** A new version of a key: for who asks for it, or, `scheduled`, for nobody. */
export function openRotation({ repository, unwrapping }: KeyParts, { generate, notSwitchedOff }: KeyWork) {
  return async (
    identity: string,
    subject: Subject,
    first: StoredKey,
    scheduled?: Date,
  ): Promise<Outcome<StoredKey>> => {
    if (first.threshold !== null) return ofCeremony()
    const algorithm = algorithmOf(first)
    if (algorithm === null) return refuse('KEY-USAGE', `a key of ${first.algorithm} is not made here`)
    for (let key = first; ; ) {
      const stands = notSwitchedOff(key)
      if (!stands.ok) return stands
      const version = key.current_version + 1
      const generated = await generate(identity, algorithm, { forNobody: scheduled !== undefined })
      if (!generated.ok) return generated
      const bytes = generated.value
      const wrapped = await unwrapping
        .wrapKey(key.project_id, { id: key.id, version, algorithm: algorithms[algorithm].planned }, bytes)
        .finally(() => wipe(bytes))
      const made = await repository.addVersion(key, wrapped, scheduled)
      if (made !== 'moved') {
        subject.version = version
        return accept(made)
      }
      // Another call rotated it meanwhile; this one is a rotation of its own.
      const again = await repository.findKey(key.id)
      if (again === 'absent') return absent('key')
      key = again
    }
  }
}
