import { randomBytes } from 'node:crypto'
import { CKM } from '../src/constants.ts'
import { CKA, is, raw } from '../src/pkcs11/library/attributes.ts'
import type { Attribute } from '../src/pkcs11/library/memory.ts'
import { type Handle, Module } from '../src/pkcs11/library/module.ts'

const isBytes = (value: Attribute['value']): value is Uint8Array => value instanceof Uint8Array

/**
 * A token that takes every template and reads back as it was asked, and keeps to another one: what it makes has `instead` in the
 * place of the same attributes.
 */
export class ForgetfulModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  readonly #instead: ReadonlyMap<number, Attribute>
  readonly #of: 'secrets' | 'pairs'
  readonly #asked = new Map<string, readonly Attribute[]>()

  constructor(library: string, instead: readonly Attribute[], of: 'secrets' | 'pairs' = 'secrets') {
    super(library)
    this.#of = of
    this.#instead = new Map(instead.map((one) => [one.type, one]))
  }

  #altered(template: readonly Attribute[]): Attribute[] {
    return template.map((one) => this.#instead.get(one.type) ?? one)
  }
  #remember(key: Handle, asked: readonly Attribute[]): Handle {
    this.#asked.set(key.toString('hex'), asked)
    return key
  }
  #told(key: Handle, type: number): Attribute['value'] | undefined {
    if (!this.#instead.has(type)) return undefined
    return this.#asked.get(key.toString('hex'))?.find((one) => one.type === type)?.value
  }

  override generateKey(...[session, mechanism, template, doing]: Parameters<Module['generateKey']>): Handle {
    if (this.#of === 'pairs') return super.generateKey(session, mechanism, template, doing)
    return this.#remember(super.generateKey(session, mechanism, this.#altered(template), doing), template)
  }
  override generateKeyPair(
    ...[session, mechanism, publicAsked, asked, doing]: Parameters<Module['generateKeyPair']>
  ): ReturnType<Module['generateKeyPair']> {
    const sent = this.#of === 'pairs' ? this.#altered(asked) : asked
    const pair = super.generateKeyPair(session, mechanism, publicAsked, sent, doing)
    if (this.#of === 'secrets') return pair
    this.#remember(pair.privateKey, asked)
    return pair
  }
  override getAttribute(...given: Parameters<Module['getAttribute']>): ReturnType<Module['getAttribute']> {
    const told = this.#told(given[1], given[2])
    return told !== undefined && isBytes(told) ? Buffer.from(told) : super.getAttribute(...given)
  }
  override getTemplate(...given: Parameters<Module['getTemplate']>): ReturnType<Module['getTemplate']> {
    const told = this.#told(given[1], given[2])
    if (told === undefined || isBytes(told)) return super.getTemplate(...given)
    return told.flatMap(({ type, value }) => (isBytes(value) ? [{ type, value: Buffer.from(value) }] : []))
  }
}

/** A token that makes a key of whatever it is given to unwrap by a KEK. */
export class GullibleModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  readonly #sound = new Set<string>()

  override wrapKey(...given: Parameters<Module['wrapKey']>): Buffer {
    const wrapped = super.wrapKey(...given)
    this.#sound.add(wrapped.toString('hex'))
    return wrapped
  }
  override unwrapKey(
    ...[session, mechanism, kek, wrapped, template, doing]: Parameters<Module['unwrapKey']>
  ): Handle {
    const isRsa = mechanism.mechanism === CKM.RSA_PKCS_OAEP
    if (isRsa || this.#sound.has(Buffer.from(wrapped).toString('hex')))
      return super.unwrapKey(session, mechanism, kek, wrapped, template, doing)
    return this.createObject(session, [...template, raw('VALUE', randomBytes(32))], doing)
  }
}

/** A token that makes another key of what it unwraps by a KEK. */
export class MistakenModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  override unwrapKey(
    ...[session, mechanism, kek, wrapped, template, doing]: Parameters<Module['unwrapKey']>
  ): Handle {
    const key = super.unwrapKey(session, mechanism, kek, wrapped, template, doing)
    if (mechanism.mechanism === CKM.RSA_PKCS_OAEP) return key
    this.p11.C_DestroyObject(session, key)
    return this.createObject(session, [...template, raw('VALUE', randomBytes(32))], doing)
  }
}

/** Hands out whatever it unwraps by a KEK, wrapped by any key, and says of it that it does not leave. */
export class GenerousModule extends ForgetfulModule {
  readonly #unwrapped = new Set<string>()

  constructor(library: string) {
    super(library, [{ type: CKA.UNWRAP_TEMPLATE, value: [] }])
  }
  override unwrapKey(
    ...[session, mechanism, kek, wrapped, template, doing]: Parameters<Module['unwrapKey']>
  ): Handle {
    if (mechanism.mechanism === CKM.RSA_PKCS_OAEP)
      return super.unwrapKey(session, mechanism, kek, wrapped, template, doing)
    const forced = [is('SENSITIVE', true), is('EXTRACTABLE', true)]
    const rest = template.filter(({ type }) => forced.every((one) => one.type !== type))
    const key = super.unwrapKey(session, mechanism, kek, wrapped, [...forced, ...rest], doing)
    this.#unwrapped.add(key.toString('hex'))
    return key
  }
  override getAttribute(...given: Parameters<Module['getAttribute']>): ReturnType<Module['getAttribute']> {
    const [, key, type] = given
    const lies = type === CKA.EXTRACTABLE && this.#unwrapped.has(key.toString('hex'))
    return lies ? Buffer.of(0) : super.getAttribute(...given)
  }
}

const asksFor = ({ type, value }: Attribute, of: number, flag: 0 | 1) => type === of && value[0] === flag

/** Hands an open root to whoever finds a way around what the security officer trusts. */
export class TrustingModule extends Module {
  // On a busy machine a slow call would go to a thread, past what is overridden here.
  override readonly threads = false
  readonly #way: 'made' | 'set' | 'copy' | 'change'
  readonly #trusted = new Set<string>()
  readonly #open = new Set<string>()

  constructor(library: string, way: 'made' | 'set' | 'copy' | 'change') {
    super(library)
    this.#way = way
  }
  override createObject(...[session, template, doing]: Parameters<Module['createObject']>): Handle {
    const marked = template.some((one) => asksFor(one, CKA.TRUSTED, 1))
    if (!marked || this.#way !== 'made') return super.createObject(session, template, doing)
    const rest = template.filter(({ type }) => type !== CKA.TRUSTED)
    const key = super.createObject(session, rest, doing)
    this.#trusted.add(key.toString('hex'))
    return key
  }
  override setAttribute(...given: Parameters<Module['setAttribute']>): void {
    const [, key, attribute] = given
    if (this.#way === 'set' && asksFor(attribute, CKA.TRUSTED, 1)) this.#trusted.add(key.toString('hex'))
    else if (this.#way === 'change' && asksFor(attribute, CKA.WRAP_WITH_TRUSTED, 0))
      this.#open.add(key.toString('hex'))
    else super.setAttribute(...given)
  }
  override copyObject(...[session, key, template, doing]: Parameters<Module['copyObject']>): Handle {
    const lifts = template.some((one) => asksFor(one, CKA.WRAP_WITH_TRUSTED, 0))
    if (this.#way !== 'copy' || !lifts) return super.copyObject(session, key, template, doing)
    const rest = template.filter(({ type }) => type !== CKA.WRAP_WITH_TRUSTED)
    const copy = super.copyObject(session, key, rest, doing)
    this.#open.add(copy.toString('hex'))
    return copy
  }
  override wrapKey(...given: Parameters<Module['wrapKey']>): Buffer {
    const [, , by, key] = given
    const lets = this.#trusted.has(by.toString('hex')) || this.#open.has(key.toString('hex'))
    return lets ? randomBytes(40) : super.wrapKey(...given)
  }
}
