import { isAbsolute } from 'node:path'

/** What is taken from a PKCS#11 URI (RFC 7512). Values are percent-decoded. */
export type TokenUri = {
  readonly serial: string | null
  readonly label: string | null
  readonly modulePath: string | null
  /** Path of the file with the PIN, or the token's own pad. */
  readonly pin: { readonly file: string } | 'pin-pad' | null
}

/** `no-uri`: not a URI. `pin`: it holds a PIN, so it is never shown. `part`: a part that is wrong or would be ignored. */
type ReadTokenUri =
  | { readonly ok: true; readonly value: TokenUri }
  | { readonly ok: false; readonly fault: 'no-uri' | 'pin' | 'part'; readonly detail: string }

const pathAttributes = new Set(['serial', 'token', 'manufacturer', 'model', 'slot-id'])

/**
 * `pkcs11:serial=…;token=…?module-path=…&pin-source=file:…`, or `pin-source=pin-pad`. A PIN itself (pin-value) and unknown attributes are
 * refused. Manufacturer, model and slot-id are accepted and ignored, because a serial names a token.
 */
export function parseTokenUri(text: string): ReadTokenUri {
  const match = /^pkcs11:([^?#]*)(?:\?([^#]*))?$/.exec(text)
  if (match === null)
    return text.startsWith('pkcs11:')
      ? wrong('it has a second ? or a fragment')
      : { ok: false, fault: 'no-uri', detail: 'it does not begin with pkcs11:' }
  const path = pairs(match[1] ?? '', ';')
  const query = pairs(match[2] ?? '', '&')
  // Checked first, because a later refusal quotes the URI, and a PIN in it would be shown.
  if ([path, query].some((all) => all.names.includes('pin-value')))
    return { ok: false, fault: 'pin', detail: 'a PIN never stands in an argument; use pin-source=file:…' }
  const { fault } = path.fault === null ? query : path
  if (fault !== null) return wrong(fault)
  const unknown =
    path.names.find((name) => !pathAttributes.has(name)) ??
    query.names.find((name) => name !== 'module-path' && name !== 'pin-source')
  if (unknown !== undefined) return wrong(`unknown attribute ${unknown}`)
  const modulePath = query.values.get('module-path') ?? null
  if (modulePath !== null && !isAbsolute(modulePath)) return wrong('module-path is not an absolute path')
  const pin = pinOf(query.values.get('pin-source'))
  if (typeof pin === 'string' && pin !== 'pin-pad') return wrong(pin)
  return {
    ok: true,
    value: {
      serial: path.values.get('serial') ?? null,
      label: path.values.get('token') ?? null,
      modulePath,
      pin,
    },
  }
}

/** Where the PIN comes from; any other text says what is wrong. */
function pinOf(source: string | undefined): TokenUri['pin'] | string {
  if (source === undefined) return null
  if (source === 'pin-pad') return source
  if (!source.startsWith('file:')) return 'pin-source is file:/path'
  const file = source.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
  return isAbsolute(file) ? { file } : 'pin-source is not an absolute path'
}

type Pairs = { names: string[]; values: Map<string, string>; fault: string | null }

function pairs(text: string, separator: string): Pairs {
  const all: Pairs = { names: [], values: new Map(), fault: null }
  for (const pair of text === '' ? [] : text.split(separator)) {
    const at = pair.indexOf('=')
    const name = at < 0 ? pair : pair.slice(0, at)
    all.names.push(name)
    const value = at < 1 ? null : decoded(pair.slice(at + 1))
    if (at < 1) all.fault ??= `expected name=value in ${pair}`
    else if (all.values.has(name)) all.fault ??= `${name} stands twice`
    else if (value === null) all.fault ??= `${pair.slice(at + 1)} is not percent-encoded`
    if (value !== null) all.values.set(name, value)
  }
  return all
}

function decoded(value: string): string | null {
  try {
    return decodeURIComponent(value)
  } catch {
    return null
  }
}

const wrong = (detail: string): ReadTokenUri => ({ ok: false, fault: 'part', detail })
