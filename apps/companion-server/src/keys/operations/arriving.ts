import { randomUUID } from 'node:crypto'
import { wipe } from '@lux/crypto'
import { bytes, changes, entry } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import { accept, refuse } from '../../refusal.ts'
import { algorithmNames, algorithms } from '../algorithms.ts'
import { envelopeKeyId } from '../envelope.ts'
import { id, type KeyParts, type KeyWork, makingPermissions, type Place } from '../key-work.ts'
import type { FoundImportKey, LifecycleRepository } from '../lifecycle-repository.ts'
import { checkNamed } from '../named.ts'
import { openWrapped, wrappingPair } from '../transport-wrap.ts'
import { named } from './making.ts'

/** How long a wrapping key takes a key in. */
const importLives = 60 * 60_000

export type ArrivingParts = KeyParts & { readonly lifecycle: LifecycleRepository }

/** Keys that are brought, wrapped to a key of one import. */
export function arrivingEntries({ repository, lifecycle, unwrapping, now }: ArrivingParts, work: KeyWork) {
  const { inProject, placeOf } = work

  return {
    /** A public key for one import into a project, within the hour. */
    wrappingKey: entry({
      ...changes,
      ...inProject('key.create'),
      name: 'key.wrapping-key',
      isChange: false,
      input: { project: id },
      shown: null,
      fits: () => accept(null),
      async run({ call, input: { project } }) {
        const made = randomUUID()
        const { spki, pkcs8 } = await wrappingPair()
        const { row, mac } = await unwrapping
          .wrapKey(project, { id: made, version: 1, algorithm: 'RSA-3072' }, pkcs8)
          .finally(() => wipe(pkcs8))
        const expiresAt = new Date(now().getTime() + importLives)
        await lifecycle.insertImportKey({
          id: made,
          project_id: project,
          identity_id: call.caller.identity,
          wrapped: Buffer.from(row.wrapped),
          wrapping_kek_version: row.wrappingKekVersion,
          mac: Buffer.from(mac),
          expires_at: expiresAt,
        })
        return accept({ id: made, spki, expiresAt })
      },
    }),

    /** Takes in a key that was wrapped to an import key, which is then gone, whatever comes of it. */
    importKey: entry({
      ...changes,
      name: 'key.import',
      input: {
        importKey: id,
        ...named,
        algorithm: Type.Enum([...algorithmNames]),
        isExportable: Type.Optional(Type.Boolean()),
        /** By RSA_AES_KEY_WRAP_SHA_256, to the public half of the import key. */
        wrapped: bytes(12_288, 16_384),
      },
      async find({ importKey }, { caller }) {
        const known = await lifecycle.findImportKey(importKey)
        // Nobody uses up what another asked for, or hears that it is there.
        if (known === 'absent' || known.identity !== caller.identity) return noImportKey()
        const place = await placeOf(known.project)
        return place.ok ? accept({ known, place: place.value }) : place
      },
      permissions: ({ place }: { known: FoundImportKey; place: Place }, wanted) =>
        makingPermissions(place, wanted),
      shown: null,
      fits: ({ input }) => checkNamed(input),
      async run({ call, subject, input: wanted, found: { known, place } }) {
        if (!(await lifecycle.takeImportKey(wanted.importKey)) || known.expiresAt <= now())
          return noImportKey()
        const opened = await unwrapping.useKey(
          { id: wanted.importKey, project_id: known.project },
          known.version,
          (pkcs8) => openWrapped(pkcs8, wanted.wrapped),
        )
        if (!opened.ok) return opened
        const key = opened.value
        try {
          const { usage, planned, accepts } = algorithms[wanted.algorithm]
          if (!accepts(key))
            return refuse('KEY-MATERIAL', `what was wrapped is no key of algorithm ${wanted.algorithm}`)
          const made = randomUUID()
          const version = await unwrapping.wrapKey(
            known.project,
            { id: made, version: 1, algorithm: planned, origin: 'imported' },
            key,
          )
          const inserted = await repository.insert(
            {
              id: made,
              envelope_id: Buffer.from(envelopeKeyId(made)),
              organisation_id: place.organisation,
              project_id: place.project,
              name: wanted.name,
              description: wanted.description ?? null,
              key_usage: usage,
              algorithm: wanted.algorithm,
              current_version: 1,
              created_by: call.caller.identity,
              is_exportable: wanted.isExportable ?? false,
            },
            version,
          )
          if (inserted === 'name-taken')
            return refuse('KEY-NAME-TAKEN', `${wanted.name} is the name of another key`)
          Object.assign(subject, { key: made, version: 1 })
          return accept(inserted)
        } finally {
          wipe(key)
        }
      },
    }),
  }
}

const noImportKey = () =>
  refuse('IMPORT-KEY-ABSENT', 'there is no such import key of yours: it was used, or its hour is over')
