import { accept, type Outcome, refuse } from '../refusal.ts'

export type TokenUri = { readonly serial: string; readonly library: string; readonly pinFile: string | null }

/** A PKCS#11 URI (RFC 7512) that names one token by serial and its library by module-path. A pin-value is refused. */
export function parseTokenUri(text: string): Outcome<TokenUri> {
  if (!text.startsWith('pkcs11:'))
    return refuse('TOKEN-URI', 'a token is named as pkcs11:serial=…?module-path=…')
  const [path = '', query = ''] = text.slice('pkcs11:'.length).split('?')
  const parts = new Map<string, string>()
  for (const part of [...path.split(';'), ...query.split('&')]) {
    if (part === '') continue
    const at = part.indexOf('=')
    if (at < 1) return refuse('TOKEN-URI', `${part} is not name=value`)
    const name = part.slice(0, at)
    if (parts.has(name)) return refuse('TOKEN-URI', `${name} is given twice`)
    try {
      parts.set(name, decodeURIComponent(part.slice(at + 1)))
    } catch {
      return refuse('TOKEN-URI', `${name} is not percent-encoded text`)
    }
  }
  if (parts.has('pin-value')) return refuse('TOKEN-URI', 'a PIN is never given in a URI: use --pin-file')
  const serial = parts.get('serial')
  const library = parts.get('module-path')
  if (!serial || !library) return refuse('TOKEN-URI', 'serial and module-path are needed')
  const source = parts.get('pin-source')
  return accept({ serial, library, pinFile: source?.replace(/^file:/, '') ?? null })
}
