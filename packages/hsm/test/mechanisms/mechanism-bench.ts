import { createPublicKey, type KeyObject } from 'node:crypto'
import {
  childKekTemplate,
  HsmError,
  type KeyKind,
  type KeyRef,
  type KeyTemplate,
  type Token,
} from '../../src/index.ts'
import { newId, utf8 } from '../soft-token-bench.ts'

/** A key that may do nothing until a template says so, and one that may leave its token. */
export const closed: KeyTemplate = { ...childKekTemplate, wrap: false, unwrap: false }
export const leaving: KeyTemplate = { ...closed, extractable: true }

export const message = () => utf8('what is signed')
export const nodeKey = (spki: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })

/** Code and detail of the refusal; a call that succeeds gives 'no error'. */
export const detail = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof HsmError ? `${error.code} ${error.detail}` : String(error)),
  )

export async function secret(token: Token, template: KeyTemplate, bytes = 32): Promise<KeyRef> {
  return (await token.generateSecret({ id: newId(), label: 's', bytes, template })).ref
}

export async function importKey(
  token: Token,
  kind: KeyKind,
  value: Uint8Array,
  template: KeyTemplate,
): Promise<KeyRef> {
  const sent = Uint8Array.from(value)
  return (await token.importUnderWrapping({ id: newId(), label: 'i', kind, value: sent, template })).ref
}
