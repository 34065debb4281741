import { concatBytes, utf8 } from '../bytes.ts'

/** Whether a run, a card or a file is real or a rehearsal; it stands in the context of everything signed. */
export type Domain = 'production' | 'rehearsal'

const zero = Uint8Array.of(0)

/** `lux-custody/<what>/v1/<domain>`, SPEC "Contexts". `what` is lower-case words joined by hyphens. */
export function signatureContext(what: string, domain: Domain): string {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(what))
    throw new RangeError('what: expected lower-case words and hyphens')
  return `lux-custody/${what}/v1/${domain}`
}

/**
 * The bytes that every scheme signs: utf8(context) || 0x00 || payload. The context is 1 to 128 visible ASCII
 * characters, so that the zero byte ends it unmistakably. Throws RangeError on any other.
 */
export function signedMessage(context: string, payload: Uint8Array): Uint8Array {
  if (!/^[\x21-\x7e]{1,128}$/.test(context))
    throw new RangeError('context: expected 1 to 128 visible ASCII characters')
  return concatBytes(utf8(context), zero, payload)
}
