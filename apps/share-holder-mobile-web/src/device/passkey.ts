import type { No, PasskeyHint } from './api.ts'

type Made = { readonly ok: true; readonly value: PasskeyHint & { secret: Uint8Array } } | No
type Given = { readonly ok: true; readonly value: Uint8Array } | No

const no = (rule: string, detail = ''): No => ({ ok: false, rule, detail })
const random = (length: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(length))

/** The code for a browser's refusal: the person stopped it or let it time out, or this device has no such passkey. */
function passkeyCode(name: string): string {
  return name === 'NotAllowedError' || name === 'AbortError' ? 'PHONE-PASSKEY-STOPPED' : 'PHONE-PASSKEY-NONE'
}

const stopped = (error: unknown): No =>
  error instanceof Error ? no(passkeyCode(error.name), error.name) : no('PHONE-PASSKEY-NONE')

/**
 * A new passkey of this phone, and what its PRF gives over a salt of this phone alone. The PRF is asked twice: one that gives other bytes
 * the second time would open nothing later.
 */
export async function makePasskey(name: string): Promise<Made> {
  if (!('credentials' in navigator)) return no('PHONE-PASSKEY-NONE')
  try {
    const made = await navigator.credentials.create({
      publicKey: {
        rp: { name: document.title },
        user: { id: random(16), name, displayName: name },
        challenge: random(32),
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        extensions: { prf: {} },
      },
    })
    if (!(made instanceof PublicKeyCredential)) return no('PHONE-PASSKEY-NONE')
    const hint: PasskeyHint = { credential: new Uint8Array(made.rawId), salt: random(32) }
    const [first, second] = [await askPasskey(hint), await askPasskey(hint)]
    if (!first.ok) return first
    if (!second.ok) return second
    if (first.value.some((byte, at) => byte !== second.value[at])) return no('PHONE-PASSKEY-NONE')
    return { ok: true, value: { ...hint, secret: first.value } }
  } catch (error) {
    return stopped(error)
  }
}

/** What this phone's passkey gives, 32 bytes, after the person unlocked it. */
export async function askPasskey({ credential, salt }: PasskeyHint): Promise<Given> {
  try {
    const shown = await navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        allowCredentials: [{ type: 'public-key', id: new Uint8Array(credential) }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: new Uint8Array(salt) } } },
      },
    })
    if (!(shown instanceof PublicKeyCredential)) return no('PHONE-PASSKEY-NONE')
    const first = shown.getClientExtensionResults().prf?.results?.first
    if (first === undefined) return no('PHONE-PASSKEY-NONE')
    const secret = ArrayBuffer.isView(first)
      ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength)
      : new Uint8Array(first)
    return secret.length === 32 ? { ok: true, value: secret } : no('PHONE-PASSKEY-NONE')
  } catch (error) {
    return stopped(error)
  }
}
