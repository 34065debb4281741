import { randomUUID } from 'node:crypto'
import { wipe } from '@lux/crypto'
import { MAX_HOLDERS } from '@lux/crypto/sharing'
import type { Call } from '../../audit/record.ts'
import { changes, entry, type InputOf } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import {
  algorithms,
  ceremonyAlgorithms,
  defaultAlgorithms,
  type KeyAlgorithm,
  madeAlgorithms,
} from '../algorithms.ts'
import { envelopeKeyId } from '../envelope.ts'
import { id, type KeyParts, type KeyWork, makingPermissions } from '../key-work.ts'
import { checkNamed, checkRotation, maxDescription, maxRotationDays, rotationOf } from '../named.ts'
import type { StoredKey } from '../repository.ts'

/** A create that is repeated within this is the first one again: clients send it twice when a reply is lost. */
const repeatedWithin = 120_000

export const named = {
  name: Type.String({ minLength: 1, maxLength: 64 }),
  description: Type.Optional(Type.String({ maxLength: maxDescription })),
}
/** Of TFHE_BINARY and TFHE_INTEGER. */
export const threshold = Type.Object(
  {
    t: Type.Integer({ minimum: 2, maximum: MAX_HOLDERS }),
    n: Type.Integer({ minimum: 2, maximum: MAX_HOLDERS }),
    mode: Type.Enum(['S', 'F']),
  },
  { additionalProperties: false },
)
export const usage = Type.Enum(['encrypt-decrypt', 'sign-verify', 'generate-verify-mac', 'fhe-computation'])
export const rotateEveryDays = Type.Integer({ minimum: 1, maximum: maxRotationDays })

const newKey = {
  project: id,
  ...named,
  /** Absent: the algorithm's, and where that is absent too, encrypt-decrypt. */
  usage: Type.Optional(usage),
  algorithm: Type.Optional(Type.Enum([...madeAlgorithms])),
  /** Its bytes may leave, wrapped to whom an officer names. Never changed later. */
  isExportable: Type.Optional(Type.Boolean()),
  rotateEveryDays: Type.Optional(rotateEveryDays),
  /** Of no use until its version is enabled. */
  preActive: Type.Optional(Type.Boolean()),
  /** Of keys that ceremonies make alone: refused here. */
  threshold: Type.Optional(threshold),
}
type NewKey = InputOf<typeof newKey>

const algorithmFor = ({ algorithm, usage: wanted = 'encrypt-decrypt' }: NewKey): KeyAlgorithm =>
  algorithm ?? defaultAlgorithms[wanted === 'fhe-computation' ? 'encrypt-decrypt' : wanted]

/** Keys that the server makes itself. */
export function makingEntries({ repository, unwrapping, now }: KeyParts, { inProject, generate }: KeyWork) {
  /** A create that is sent again because its reply was lost is that of the same key. */
  async function repeated(
    { caller }: Call,
    { project, name, description, isExportable = false, rotateEveryDays: days, preActive = false }: NewKey,
    algorithm: KeyAlgorithm,
  ): Promise<Outcome<StoredKey>> {
    const there = await repository.findByName(project, name)
    const first = there === 'absent' ? 'absent' : await repository.findVersion(there, 1)
    const same =
      there !== 'absent' &&
      first !== 'absent' &&
      (first.state === 'pre-active') === preActive &&
      there.is_exportable === isExportable &&
      there.rotate_every_days === (days ?? null) &&
      there.created_by === caller.identity &&
      there.algorithm === algorithm &&
      there.description === (description ?? null) &&
      there.current_version === 1 &&
      !there.is_disabled &&
      now().getTime() - there.created_at.getTime() < repeatedWithin
    return same ? accept(there) : refuse('KEY-NAME-TAKEN', `${name} is the name of another key`)
  }

  return {
    create: entry({
      ...changes,
      name: 'key.create',
      input: newKey,
      find: inProject('key.create').find,
      permissions: (place, wanted) =>
        makingPermissions(place, { name: wanted.name, algorithm: algorithmFor(wanted) }),
      shown: null,
      fits({ input }) {
        const fits = checkNamed(input)
        if (!fits.ok) return fits
        const turns = checkRotation(input.rotateEveryDays)
        if (!turns.ok) return turns
        if (input.usage === 'fhe-computation' || input.threshold !== undefined)
          return refuse(
            'KEY-USAGE',
            `threshold and fhe-computation are of ${ceremonyAlgorithms.join(' and ')}`,
          )
        const algorithm = algorithmFor(input)
        const its = algorithms[algorithm].usage
        return input.usage === undefined || input.usage === its
          ? accept(algorithm)
          : refuse('KEY-USAGE', `a key of algorithm ${algorithm} is for ${its}`)
      },
      async run({ call, subject, input, found: { organisation, project }, fitting: algorithm }) {
        const made = randomUUID()
        const generated = await generate(call.caller.identity, algorithm)
        if (!generated.ok) return generated
        const bytes = generated.value
        const { usage: its, planned } = algorithms[algorithm]
        const version = await unwrapping
          .wrapKey(project, { id: made, version: 1, algorithm: planned }, bytes)
          .finally(() => wipe(bytes))
        const inserted = await repository.insert(
          {
            id: made,
            envelope_id: Buffer.from(envelopeKeyId(made)),
            organisation_id: organisation,
            project_id: project,
            name: input.name,
            description: input.description ?? null,
            key_usage: its,
            algorithm,
            current_version: 1,
            created_by: call.caller.identity,
            is_exportable: input.isExportable ?? false,
            ...rotationOf(input.rotateEveryDays ?? null, now()),
          },
          { ...version, state: input.preActive ? 'pre-active' : 'enabled' },
        )
        const key = inserted === 'name-taken' ? await repeated(call, input, algorithm) : accept(inserted)
        if (key.ok) Object.assign(subject, { key: key.value.id, version: 1 })
        return key
      },
    }),
  }
}
