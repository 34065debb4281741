import { readFileSync } from 'node:fs'
import { signatureAnswerCodec, signatureContext, signatureRequestCodec } from '@lux/ceremony/wire'
import { fromBase64, type SigningIdentity, sha256Hex, signWith, utf8 } from '@lux/crypto'

/** Who is in the room of every production run; a test adds holders, custodians or a security officer. */
export const room = [
  ['administrator', 'Ada'],
  ['operator', 'Olga'],
  ['officer', 'Otto'],
  ['officer', 'Ophelia'],
  ['witness', 'Walter'],
  ['witness', 'Wanda'],
] as const

/** Steps at which Ada reads words aloud, and somebody else says that they heard. */
export const isAloud = (step: string): boolean => ['open-run', 'read-aloud'].includes(step)

/** What a person's own device answers to a request file; `spoil`: with a signature of something else. */
export function signedAnswer(request: string, identity: SigningIdentity, spoil = false): Uint8Array {
  const parsed = signatureRequestCodec.parse(new Uint8Array(readFileSync(request)))
  if (!parsed.ok) throw new Error(parsed.detail)
  const { what, domain, subject } = parsed.value
  const bytes = fromBase64(subject)
  const over = spoil ? utf8('something else') : bytes
  return signatureAnswerCodec.encode({
    v: 1,
    kind: 'signature-answer',
    what,
    domain,
    subject: sha256Hex(bytes),
    signature: signWith(identity, signatureContext(what, domain), over),
  })
}
