import { aesKwpWrap, aesKwWrap, utf8, wipe } from '@lux/crypto'
import { absent } from '../../access/authorize.ts'
import { changes, entry, type Permission } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import type { VersionState } from '../../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { allows } from '../algorithms.ts'
import { id, type KeyParts, type KeyWork, keyPermission } from '../key-work.ts'
import type { StoredKey, StoredVersion } from '../repository.ts'

const present: readonly VersionState[] = ['pre-active', 'enabled', 'decrypt-only', 'compromised']

/** A secret is kept for whoever uses it; a key leaves for whoever may export keys. */
const leavingPermission = (key: StoredKey): Permission =>
  keyPermission(key.key_usage === 'secret-data' ? 'key.use' : 'key.export', key)

/** Keys whose bytes leave: in the clear, or under another key. */
export function leavingEntries({ repository, unwrapping }: KeyParts, work: KeyWork) {
  const { onKey, fitting, notSwitchedOff, versionOf } = work

  /** Nothing leaves of one that is switched off, or whose deletion is scheduled. */
  async function leaving(key: StoredKey): Promise<Outcome<StoredVersion>> {
    if (!key.is_exportable) return refuse('KEY-NOT-EXPORTABLE', 'it was not made to leave')
    const its = await versionOf(key, key.current_version, present)
    if (!its.ok) return its
    const stands = notSwitchedOff(key)
    return stands.ok ? its : stands
  }

  async function exportOf(project: string): Promise<{ readonly plain: boolean; readonly wrapped: boolean }> {
    const row = await repository.findProject(project)
    if (row === 'absent') return { plain: false, wrapped: false }
    return { plain: row.plain_export, wrapped: row.plain_export || row.wrapped_export }
  }

  /** The wrapping key, unless its bytes may be known where the project does not let keys leave so. */
  async function wrapping(wrapper: StoredKey): Promise<Outcome<StoredVersion>> {
    const fits = fitting(wrapper, 'encrypt-decrypt', 'wrap')
    if (!fits.ok) return fits
    const kek = await versionOf(wrapper, wrapper.current_version, ['enabled'])
    if (!kek.ok) return kek
    return mayBeKnown(wrapper, kek.value) && !(await exportOf(wrapper.project_id)).wrapped
      ? refuse(
          'KEY-EXPORT',
          'the wrapping key was brought here, may leave, or encrypts data too: what it wraps could be read',
        )
      : kek
  }

  return {
    /** The key's bytes, where its policy and that of its project let them leave as they are. */
    exportPlain: entry({
      ...changes,
      name: 'key.export-plain',
      isChange: false,
      input: { id },
      find: onKey('key.export').find,
      permissions: (key) => [leavingPermission(key)],
      secondFactor: true,
      shown: () => 'its bytes, in the clear',
      async fits({ found: key, subject }) {
        const its = await leaving(key)
        if (!its.ok) return its
        subject.version = key.current_version
        // As the project has it now, and not only as it was when the key was made.
        const kept =
          key.is_sensitive || (key.key_usage !== 'secret-data' && !(await exportOf(key.project_id)).plain)
        if (!kept) return its
        const whose = key.is_sensitive ? 'it does' : 'the keys of this project do'
        return refuse('KEY-EXPORT', `${whose} not leave the server in the clear`)
      },
      async run({ found: key, fitting: its }) {
        const bytes = await unwrapping.useKey(key, its, (bytes) => Uint8Array.from(bytes))
        return accept({ key, bytes })
      },
    }),

    /**
     * The key's bytes under another key of the same project, by AES Key Wrap: RFC 3394, or 5649 with padding. Unless the project lets
     * keys leave so or in the clear, that is one whose bytes nobody has, and that does nothing but wrap. An approval is for this wrapping
     * key and no other, also where that one's own use waits for people.
     */
    exportWrapped: entry({
      ...changes,
      name: 'key.export-wrapped',
      isChange: false,
      input: { id, under: id, padded: Type.Boolean() },
      async find(input) {
        const wrapper = await repository.findKey(input.under)
        return wrapper === 'absent'
          ? absent('key')
          : accept({ wrapper, key: await repository.findKey(input.id) })
      },
      permissions: ({ wrapper, key }) => [
        keyPermission('key.use', wrapper),
        // Nobody hears of keys elsewhere.
        key === 'absent' ? absent('key') : leavingPermission(key),
      ],
      secondFactor: true,
      shown: ({ id, under, padded }) => `${id} wrapped under ${under}${padded ? ' with padding' : ''}`,
      hashed: ({ id, under, padded }) => [utf8(id), utf8(under), ...(padded ? [utf8('with padding')] : [])],
      async fits({ found: { wrapper, key }, subject }) {
        if (key === 'absent') return absent('key')
        const kek = await wrapping(wrapper)
        if (!kek.ok) return kek
        const its = await leaving(key)
        if (!its.ok) return its
        subject.version = key.current_version
        return key.project_id === wrapper.project_id
          ? accept({ key, its: its.value, kek: kek.value })
          : absent('key')
      },
      async run({ found: { wrapper }, fitting: { key, its, kek }, input: { padded } }) {
        const bytes = await unwrapping.useKey(key, its, (own) => Uint8Array.from(own))
        try {
          if (!padded && (bytes.length % 8 !== 0 || bytes.length < 16))
            return refuse('CIPHER-PARAMETERS', 'what is no multiple of 8 bytes is wrapped with padding')
          const wrapped = await unwrapping.useKey(wrapper, kek, (own) =>
            padded ? aesKwpWrap(own, bytes) : aesKwWrap(own, bytes),
          )
          return accept({ key, wrapped })
        } finally {
          wipe(bytes)
        }
      },
      output: ({ wrapped }) => [wrapped],
    }),
  }
}

/** Who brought a key, or got it, reads what it wraps; and so does whoever may decrypt with it: AES Key Wrap is AES, block by block. */
const mayBeKnown = (key: StoredKey, { row }: StoredVersion): boolean =>
  row.origin === 'imported' ||
  key.is_exportable ||
  (['encrypt', 'decrypt'] as const).some((use) => allows(key.usage_mask, 'encrypt-decrypt', use))
