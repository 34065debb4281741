import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { childKekTemplate, rootTemplate, sealingTemplate, startHsm } from '../../src/index.ts'
import { masked, unmasked } from './masked.ts'

/**
 * A program that uses PINs and keys as the driver's callers do, one step for every line in, one line out after each:
 * `secret-user.ts LIBRARY PIN NEWPIN KEY`, the last three masked. It holds no secret itself but the key that it was answered.
 */
export type Said = { readonly host: number; readonly key: string | null }

const [, , library = '', pin = '', newPin = '', value = ''] = process.argv
const hostEntry = fileURLToPath(new URL('./readable-host.ts', import.meta.url))
const environment = { SOFTHSM2_CONF: process.env.SOFTHSM2_CONF ?? '' }
const hsm = await startHsm({ library, environment, hostEntry })
const made = await hsm.token('new').initialise({
  label: 'memory',
  soPin: new TextEncoder().encode('87654321'),
  userPin: unmasked(pin),
})
const token = hsm.token(made.serial)
const newId = () => randomBytes(16).toString('hex')
const closed = { ...childKekTemplate, wrap: false, unwrap: false }
let answered: Uint8Array | null = null

async function decrypt(length: number): Promise<void> {
  const id = newId()
  await token.generateAes({ id, label: id.slice(0, 8), bits: 256, template: sealingTemplate })
  const of = { key: { id, class: 'secret' }, nonce: new Uint8Array(12), aad: new Uint8Array() } as const
  const plaintext = randomBytes(length)
  const ciphertext = await token.encryptGcm({ ...of, plaintext })
  plaintext.fill(0)
  answered = await token.decryptGcm({ ...of, ciphertext })
}

const steps: Record<string, () => Promise<unknown>> = {
  logIn: () => token.logIn({ user: 'user', pin: unmasked(pin) }),
  logInAndKeep: () => token.logIn({ user: 'user', pin: unmasked(pin), keepPin: true }),
  logInBehindOthers: () =>
    Promise.all([
      ...Array.from({ length: 20 }, () => token.random(8)),
      token.logIn({ user: 'user', pin: unmasked(pin), keepPin: true }),
    ]),
  random: () => token.random(8),
  logOut: () => token.logOut(),
  changePin: () => token.changePin({ user: 'user', oldPin: unmasked(pin), newPin: unmasked(newPin) }),
  unwrapToMemory: async () => {
    const kek = newId()
    await token.generateAes({
      id: kek,
      label: 'kek',
      bits: 256,
      template: { ...rootTemplate, unwrapTemplate: null },
    })
    const { wrapped } = await token.generateWrapped({ parent: { id: kek }, algorithm: 'aes-256' })
    answered = await token.unwrapToMemory({ kek: { id: kek }, wrapped })
  },
  decrypt: () => decrypt(48),
  decryptLarge: () => decrypt(300_000),
  wipe: async () => void answered?.fill(0),
  import: () =>
    token.importUnderWrapping({
      id: newId(),
      label: 'imported',
      kind: 'secret',
      value: unmasked(value),
      template: closed,
    }),
  end: () => hsm.close(),
}

const say = (): void => {
  const said: Said = { host: hsm.pid ?? 0, key: answered === null ? null : masked(answered.subarray(-48)) }
  process.stdout.write(`${JSON.stringify(said)}\n`)
}

say()
for await (const line of createInterface({ input: process.stdin })) {
  await steps[line]?.()
  say()
  if (line === 'end') break
}
