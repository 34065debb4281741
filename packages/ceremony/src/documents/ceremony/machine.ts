import * as v from 'valibot'
import { base64, digest, distinct, type Texts } from '../format/fields.ts'

/** How a token names itself. */
export const device = ({ line }: Texts) => ({ maker: line, model: line })

/** What a workstation shows of itself: nothing, its own files, its medium as people read it, a TPM's quote. */
export const machineLevels = ['M0', 'M1', 'M2', 'M3'] as const

export type MachineLevel = (typeof machineLevels)[number]

/** `machine` in the result of `measure-machine`, SPEC.md 13.4. */
export const machineEvidence = v.pipe(
  v.strictObject({
    level: v.picklist(machineLevels),
    image: v.exactOptional(digest),
    quote: v.exactOptional(
      v.strictObject({
        attest: base64(1, 2048),
        signature: base64(1, 2048),
        key: base64(1, 1024),
        log: base64(1, 262_144),
      }),
    ),
  }),
  v.check(({ level, quote }) => (level === 'M3') === (quote !== undefined), 'exactly M3 has a quote'),
  v.check(
    ({ level, image }) => (level === 'M2' || level === 'M3') === (image !== undefined),
    'exactly M2 and M3 name the image',
  ),
)

export type MachineEvidence = v.InferOutput<typeof machineEvidence>

/** What a key is for, in the order in which a probe lists it. */
export const keyRoles = ['root', 'transport', 'ceremony', 'officer', 'companion', 'data', 'backup'] as const

export type KeyRole = (typeof keyRoles)[number]

const lacking = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[A-Z][A-Z0-9_]{0,63}$/))),
  v.maxLength(64),
  v.check((all) => all.join() === [...new Set(all)].toSorted().join(), 'not ascending and distinct'),
)

/** `capabilities` in the result of `probe-token`: by role, whether a key for it can be in the token, and what the token lacks. */
export const capabilities = v.pipe(
  v.array(v.strictObject({ role: v.picklist(keyRoles), able: v.boolean(), lacks: lacking })),
  v.minLength(1),
  v.check((all) => distinct(all, ({ role }) => role), 'a role is listed twice'),
  v.check(
    (all) =>
      all.every(
        (one, at) => at === 0 || keyRoles.indexOf(all[at - 1]?.role ?? 'root') < keyRoles.indexOf(one.role),
      ),
    'roles in another order',
  ),
)

export type Capability = v.InferOutput<typeof capabilities>[number]
