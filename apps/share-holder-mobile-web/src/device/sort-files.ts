import { askedCiphertexts, type RequestPackage, requestPackageCodec } from '@lux/ceremony/wire'
import type { Files, No } from './api.ts'

type Kind = 'envelope' | 'signature' | 'opening' | 'public'

/** A share's four files, sorted by their contents, so that nobody has to name them. */
export function shareFiles(files: Files): { ok: true; value: Record<Kind, Uint8Array> } | No {
  const found = new Map<Kind, Uint8Array>()
  for (const { name, bytes } of files) {
    const kind = kindOf(bytes)
    if (kind === null) return no('PHONE-FILE-UNKNOWN', name)
    if (found.has(kind)) return no('PHONE-FILE-TWICE', name)
    found.set(kind, bytes)
  }
  const [envelope, signature, opening, pub] = (['envelope', 'signature', 'opening', 'public'] as const).map(
    (kind) => found.get(kind),
  )
  if (!envelope || !signature || !opening || !pub) {
    const missing = (['envelope', 'signature', 'opening', 'public'] as const).filter(
      (kind) => !found.has(kind),
    )
    return no('PHONE-FILE-MISSING', missing.join(', '))
  }
  return { ok: true, value: { envelope, signature, opening, public: pub } }
}

/**
 * A request and its ciphertexts, in the order of the request. `digestOf`: the digest by which the request names a ciphertext. `whole`:
 * false for a refusal, which needs no ciphertext.
 */
export function requestFiles(
  files: Files,
  digestOf: (ciphertext: Uint8Array) => string | null,
  { whole }: { whole: boolean } = { whole: true },
): { ok: true; value: { request: RequestPackage; ciphertexts: Uint8Array[] } } | No {
  const parsed = files.flatMap(({ bytes }) => {
    const request = isJson(bytes) ? requestPackageCodec.parse(bytes) : null
    return request?.ok ? [request.value] : []
  })
  const [request] = parsed
  if (request === undefined) return no('PHONE-REQUEST-MISSING', '')
  if (parsed.length > 1) return no('PHONE-FILE-TWICE', '')
  const byDigest = new Map(
    files.flatMap(({ bytes }) => {
      const digest = isJson(bytes) ? null : digestOf(bytes)
      return digest === null ? [] : [[digest, bytes] as const]
    }),
  )
  const ciphertexts: Uint8Array[] = []
  for (const { digest } of askedCiphertexts(request)) {
    const bytes = byDigest.get(digest)
    if (bytes === undefined && whole) return no('PHONE-CIPHERTEXT-MISSING', digest)
    if (bytes !== undefined) ciphertexts.push(bytes)
  }
  return { ok: true, value: { request, ciphertexts } }
}

function kindOf(bytes: Uint8Array): Kind | null {
  if (startsWith(bytes, 'age-encryption.org/v1\n')) return 'envelope'
  if (startsWith(bytes, 'lux-pub1')) return 'public'
  if (!isJson(bytes) || bytes.length > 1 << 20) return null
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value !== 'object' || value === null) return null
    return 'payload' in value ? 'opening' : 'signature'
  } catch {
    return null
  }
}

const isJson = (bytes: Uint8Array): boolean => bytes[0] === 0x7b

function startsWith(bytes: Uint8Array, text: string): boolean {
  return bytes.length >= text.length && [...text].every((letter, at) => bytes[at] === letter.charCodeAt(0))
}

function no(rule: string, detail: string): No {
  return { ok: false, rule, detail }
}
