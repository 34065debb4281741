import { createHash } from 'node:crypto'
import type { KeyEvidence, KeyRef, KeyTemplate, Token, TokenInfo, UserKind } from './device.ts'
import { type HsmErrorCode, hsmError } from './hsm-errors.ts'

/**
 * A planned fault: on the n-th call (1 = next) of an operation. `before` fails with nothing done; `after` does the work
 * and loses the answer, which is what a crash between the token and the journal looks like.
 */
export type PlannedFault = {
  readonly operation: keyof Token
  readonly call: number
  readonly when: 'before' | 'after'
  readonly code: HsmErrorCode
}

export type ScriptedState = {
  /** Wrong user PINs left before the token locks: SoftHSM never locks, so this is told here. */
  readonly triesLeft?: number
  readonly faults?: readonly PlannedFault[]
}

type ScriptedKey = { readonly ref: KeyRef; readonly label: string; readonly template: KeyTemplate }

/** The part of Token that a scripted token has: what an engine does around keys, with no cryptography behind it. */
export type ScriptedToken = Pick<
  Token,
  'serial' | 'info' | 'pinState' | 'logIn' | 'logOut' | 'generateAes' | 'findById' | 'destroy' | 'random'
> & { readonly keys: () => readonly KeyRef[] }

const tries = { locked: 0, final: 1 } as const

/** An in-memory token that is deterministic by its serial and fails as planned. The user PIN is `12345678`. */
export function scriptedToken(
  serial: string,
  { triesLeft = 3, faults = [] }: ScriptedState = {},
): ScriptedToken {
  const keys = new Map<string, ScriptedKey>()
  const calls = new Map<string, number>()
  let loggedIn: UserKind | null = null
  let left = triesLeft
  let drawn = 0

  const userPin = () =>
    left === tries.locked ? 'locked' : left === tries.final ? 'final' : left < triesLeft ? 'low' : 'ok'
  const pin = () => ({ user: userPin(), so: 'ok' }) as const
  const act = async <T>(operation: keyof Token, work: () => T): Promise<T> => {
    const n = (calls.get(operation) ?? 0) + 1
    calls.set(operation, n)
    const fault = faults.find((f) => f.operation === operation && f.call === n)
    if (fault?.when === 'before') throw hsmError(fault.code, `planned before call ${n} of ${operation}`)
    const value = work()
    if (fault) throw hsmError(fault.code, `planned after call ${n} of ${operation}`)
    return value
  }
  const requireUser = () => {
    if (loggedIn !== 'user') throw hsmError('HSM-NOT-LOGGED-IN', `nobody is logged in to token ${serial}`)
  }

  const info = (): TokenInfo => ({
    serial,
    label: 'scripted',
    manufacturer: 'Lux Custody',
    model: 'scripted',
    firmware: '1.0',
    hardware: '1.0',
    slot: '0',
    profile: 'scripted',
    initialised: true,
    writeProtected: false,
    loginRequired: true,
    pinPad: false,
    maxSessions: null,
    pin: pin(),
    loggedIn,
    minPinLength: 8,
    maxPinLength: 8,
    abilities: ['aes-generate', 'random'],
  })

  return {
    serial,
    keys: () => [...keys.values()].map(({ ref }) => ref),
    info: () => act('info', info),
    pinState: () => act('pinState', pin),
    logIn: ({ user, pin: given, acceptFinalTry }) =>
      act('logIn', () => {
        if (given === 'pin-pad') throw hsmError('HSM-UNSUPPORTED', 'a scripted token has no PIN pad')
        const before = userPin()
        if (left === tries.locked) throw hsmError('HSM-PIN-LOCKED', `the ${user} PIN is locked`)
        if (left === tries.final && !acceptFinalTry)
          throw hsmError('HSM-PIN-FINAL-TRY', 'the next wrong PIN locks')
        const right = Buffer.from(given).toString('utf8') === '12345678'
        given.fill(0)
        if (!right) {
          left -= 1
          throw hsmError('HSM-PIN-WRONG', 'the PIN is wrong', { name: 'CKR_PIN_INCORRECT', number: 0xa0 })
        }
        left = triesLeft
        loggedIn = user
        return { ...pin(), before }
      }),
    logOut: () =>
      act('logOut', () => {
        loggedIn = null
        for (const [name, key] of keys) if (!key.template.token) keys.delete(name)
      }),
    generateAes: ({ id, label, sameLabel, template }) =>
      act('generateAes', () => {
        requireUser()
        if (keys.has(id)) throw hsmError('HSM-DUPLICATE-ID', `a secret key ${id} exists already`)
        const other = [...keys.values()].find((key) => key.template.token && key.label === label)
        if (template.token && label !== '' && sameLabel !== true && other)
          throw hsmError(
            'HSM-DUPLICATE-KEY-LABEL',
            `the secret key ${other.ref.id} is labelled ${label} already`,
          )
        const ref: KeyRef = { id, class: 'secret' }
        keys.set(id, { ref, label, template })
        return { ref, attributes: [] }
      }),
    findById: (id) =>
      act('findById', (): KeyEvidence[] => {
        const key = keys.get(id)
        if (!key) return []
        const { ref, template } = key
        return [
          {
            ref,
            local: true,
            generatedBy: 'CKM_AES_KEY_GEN',
            alwaysSensitive: template.sensitive,
            neverExtractable: !template.extractable,
            attributes: [],
          },
        ]
      }),
    destroy: ({ id }) =>
      act('destroy', () => {
        requireUser()
        return { destroyed: keys.delete(id) ? 1 : 0, absent: true }
      }),
    random: (length) =>
      act('random', () => {
        drawn += 1
        const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
          createHash('sha256').update(`${serial}/${drawn}/${i}`).digest(),
        )
        return Uint8Array.from(Buffer.concat(blocks).subarray(0, length))
      }),
  }
}
