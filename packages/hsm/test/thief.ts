import { createDecipheriv, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { CKK, CKM, CKO } from '../src/constants.ts'
import { CKA, is, mechanisms, num, raw, readAttribute } from '../src/pkcs11/library/attributes.ts'
import { attempt } from '../src/pkcs11/library/errors.ts'
import type { Attribute } from '../src/pkcs11/library/memory.ts'
import { type Handle, Module } from '../src/pkcs11/library/module.ts'
import { publicKeyAttributes } from '../src/pkcs11/objects/public-keys.ts'
import type { TokenSession } from '../src/pkcs11/session/session.ts'
import { Tokens } from '../src/pkcs11/session/tokens.ts'

/**
 * A program of its own with the user PIN. Round after round it takes every object that it can see and tries to read, copy,
 * change and wrap it, and to plant a trusted key. `thief.ts LIBRARY SERIAL PIN`; lines in: a mark to write on what
 * follows, or `end`; under `looking away` it does nothing, under `copying` it copies secret keys alone, as often as it can. Lines out: {"round", "mark"} after every round, and {"stolen", …} for all that worked.
 */
export type ThiefLine =
  | { readonly round: number; readonly mark: string; readonly seen: readonly string[] }
  | {
      readonly stolen: 'value' | 'copy' | 'change' | 'wrap' | 'trust'
      readonly mark: string
      readonly label: string
      readonly how: string
      /** The key's bytes in hex, where it has them. */
      readonly key?: string
      /** Of a copy that is weaker than its source: what it can do that the root must not, be it for a thief with the PIN. */
      readonly can?: readonly string[]
    }

const aesCmac = 0x108a
const kwpIv = Buffer.from('a65959a6', 'hex')
const attributesToWeaken: readonly Attribute[] = [
  is('EXTRACTABLE', true),
  is('SENSITIVE', false),
  is('DECRYPT', true),
  is('ENCRYPT', true),
  is('SIGN', true),
  is('DERIVE', true),
  is('MODIFIABLE', true),
  is('WRAP_WITH_TRUSTED', false),
  mechanisms([CKM.AES_ECB]),
  { type: CKA.UNWRAP_TEMPLATE, value: [] },
]

const say = (line: ThiefLine) => process.stdout.write(`${JSON.stringify(line)}\n`)

class Thief {
  readonly #token: TokenSession
  readonly #kekValue = randomBytes(32)
  readonly #kek: Handle
  readonly #trusted: Attribute[]
  mark = ''
  #planted = ''
  #turn = 0

  constructor(token: TokenSession) {
    this.#token = token
    this.#kek = token.module.createObject(
      token.session,
      [
        num('CLASS', CKO.SECRET_KEY),
        num('KEY_TYPE', CKK.AES),
        is('TOKEN', false),
        raw('LABEL', Buffer.from('thief')),
        raw('VALUE', this.#kekValue),
        is('WRAP', true),
      ],
      'making a KEK of known bytes',
    )
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 })
    this.#trusted = publicKeyAttributes(publicKey.export({ format: 'der', type: 'spki' })).attributes
  }

  round(): readonly string[] {
    const { module, session } = this.#token
    const seen: string[] = []
    const classes =
      this.mark === 'copying' ? [CKO.SECRET_KEY] : [CKO.SECRET_KEY, CKO.PRIVATE_KEY, CKO.PUBLIC_KEY]
    for (const keyClass of classes) {
      for (const handle of module.find(session, [num('CLASS', keyClass)])) {
        const label = attempt(() => readAttribute(module, session, handle, CKA.LABEL))
        const name = label.ok && label.value.ok ? label.value.value : ''
        if (name === 'thief' || name === '') continue
        seen.push(
          `${keyClass === CKO.SECRET_KEY ? 'secret' : keyClass === CKO.PRIVATE_KEY ? 'private' : 'public'}:${name}`,
        )
        // An object can be gone before the next call; that is a failed attempt like any other.
        attempt(() => this.#rob(handle, name, keyClass !== CKO.PUBLIC_KEY))
      }
    }
    // SoftHSM leaves the husk of an object that it refused to make, so this is tried once for each mark.
    if (this.#planted !== this.mark) this.#plant()
    this.#planted = this.mark
    return seen
  }

  #rob(handle: Handle, label: string, secret: boolean): void {
    const { module, session } = this.#token
    if (this.mark === 'copying') {
      this.#turn = (this.#turn + 1) % attributesToWeaken.length
      this.#weaken(handle, label, attributesToWeaken[this.#turn]!)
      return
    }
    if (secret) {
      const value = attempt(() => module.getAttribute(session, handle, CKA.VALUE))
      if (value.ok && value.value !== 'absent' && value.value.length > 0)
        say({
          stolen: 'value',
          mark: this.mark,
          label,
          how: 'C_GetAttributeValue',
          key: value.value.toString('hex'),
        })
      this.#wrapOut(handle, label, 'as it is')
    }
    for (const attribute of attributesToWeaken) this.#weaken(handle, label, attribute)
  }

  #weaken(handle: Handle, label: string, attribute: Attribute): void {
    const { module, session } = this.#token
    const how = `attribute 0x${attribute.type.toString(16)}`
    const before = readAttribute(module, session, handle, attribute.type)
    const differs = (object: Handle) => {
      const after = readAttribute(module, session, object, attribute.type)
      return before.ok && after.ok && after.value !== before.value
    }
    const copy = attempt(() => module.copyObject(session, handle, [is('TOKEN', false), attribute], how))
    if (copy.ok) {
      if (differs(copy.value))
        say({ stolen: 'copy', mark: this.mark, label, how, can: this.#powersOf(copy.value) })
      this.#wrapOut(copy.value, label, `a copy with ${how}`)
      attempt(() => this.#token.destroyHandle(copy.value))
    }
    if (this.mark === 'copying') return
    const set = attempt(() => module.setAttribute(session, handle, attribute, how))
    if (set.ok && differs(handle)) say({ stolen: 'change', mark: this.mark, label, how })
  }

  /** What a copy can do that the key itself cannot for whoever has the PIN. */
  #powersOf(copy: Handle): string[] {
    const { module, session } = this.#token
    const told = (type: number): string => {
      const read = readAttribute(module, session, copy, type)
      return read.ok ? read.value : ''
    }
    const works = (name: 'Encrypt' | 'Decrypt' | 'Sign', mechanism: number): boolean => {
      const begun = attempt(() => module.begin(`C_${name}Init`, session, { mechanism }, copy, 'stealing')).ok
      if (begun) attempt(() => module.finish(`C_${name}`, session, Buffer.alloc(16), 4096, 'stealing'))
      return begun
    }
    const powers: readonly (readonly [string, boolean])[] = [
      ['leave the token', told(CKA.EXTRACTABLE) !== 'false'],
      ['be read', told(CKA.SENSITIVE) !== 'true'],
      ['unwrap what may leave the token', !told(CKA.UNWRAP_TEMPLATE).includes('EXTRACTABLE=false')],
      ['encrypt', [CKM.AES_ECB, CKM.AES_KEY_WRAP_PAD].some((mechanism) => works('Encrypt', mechanism))],
      ['decrypt', [CKM.AES_ECB, CKM.AES_KEY_WRAP_PAD].some((mechanism) => works('Decrypt', mechanism))],
      ['sign', works('Sign', aesCmac)],
    ]
    return powers.flatMap(([name, has]) => (has ? [name] : []))
  }

  #wrapOut(handle: Handle, label: string, how: string): void {
    const { module, session } = this.#token
    const wrapped = attempt(() =>
      module.wrapKey(session, { mechanism: CKM.AES_KEY_WRAP_PAD }, this.#kek, handle, 'stealing'),
    )
    if (!wrapped.ok) return
    const opener = createDecipheriv('id-aes256-wrap-pad', this.#kekValue, kwpIv)
    const key = Buffer.concat([opener.update(wrapped.value), opener.final()]).toString('hex')
    say({ stolen: 'wrap', mark: this.mark, label, how, key })
  }

  #plant(): void {
    const { module, session } = this.#token
    const planted = attempt(() =>
      module.createObject(
        session,
        [
          num('CLASS', CKO.PUBLIC_KEY),
          num('KEY_TYPE', CKK.RSA),
          raw('LABEL', Buffer.from('thief')),
          ...this.#trusted,
          is('TOKEN', true),
          is('PRIVATE', false),
          is('WRAP', true),
          is('TRUSTED', true),
        ],
        'planting a trusted key',
      ),
    )
    if (planted.ok) say({ stolen: 'trust', mark: this.mark, label: 'thief', how: 'C_CreateObject' })
  }
}

const [library = '', serial = '', pin = ''] = process.argv.slice(2)
const token = new Tokens(new Module(library)).get(serial)
token.logIn({ user: 'user', pin: Buffer.from(pin), keep: false })
const thief = new Thief(token)
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'end') process.exit(0)
  thief.mark = line
})
process.stdin.on('end', () => process.exit(0))
let round = 0
const work = (): void => {
  const seen = thief.mark === 'looking away' ? [] : thief.round()
  round += 1
  say({ round, mark: thief.mark, seen })
  setImmediate(work)
}
work()
