import { isAbsolute } from 'node:path'
import { WrongUse } from './shell/wrong-use.ts'

/** What a run takes from a PKCS#11 URI (RFC 7512). Values are percent-decoded. */
export type TokenUri = {
  serial: string | null
  label: string | null
  modulePath: string | null
  /** Path of the file with the PIN. */
  pinFile: string | null
}

const pathAttributes = new Set(['serial', 'token', 'manufacturer', 'model', 'slot-id'])

/**
 * `pkcs11:serial=…;token=…?module-path=…&pin-source=file:…`. A PIN itself (pin-value) and any other attribute are refused;
 * manufacturer, model and slot-id are taken and not looked at, because a serial names a token. Errors: TOKEN-URI.
 */
export function parseTokenUri(text: string): TokenUri {
  const match = /^pkcs11:([^?#]*)(?:\?([^#]*))?$/.exec(text)
  if (match === null) throw wrong(text, 'it does not begin with pkcs11:')
  const path = pairs(text, match[1] ?? '', ';')
  const query = pairs(text, match[2] ?? '', '&')
  for (const name of path.keys())
    if (!pathAttributes.has(name)) throw wrong(text, `unknown attribute ${name}`)
  for (const name of query.keys()) {
    if (name === 'pin-value')
      throw wrong('pkcs11:…', 'a PIN never stands in an argument; use pin-source=file:…')
    if (name !== 'module-path' && name !== 'pin-source') throw wrong(text, `unknown attribute ${name}`)
  }
  return {
    serial: path.get('serial') ?? null,
    label: path.get('token') ?? null,
    modulePath: absolute(text, query.get('module-path'), 'module-path'),
    pinFile: absolute(text, pinFile(text, query.get('pin-source')), 'pin-source'),
  }
}

function pinFile(uri: string, source: string | undefined): string | undefined {
  if (source === undefined) return undefined
  if (!source.startsWith('file:')) throw wrong(uri, 'pin-source is file:/path')
  return source.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
}

function absolute(uri: string, path: string | undefined, name: string): string | null {
  if (path === undefined) return null
  if (!isAbsolute(path)) throw wrong(uri, `${name} is not an absolute path`)
  return path
}

function pairs(uri: string, text: string, separator: string): Map<string, string> {
  const all = new Map<string, string>()
  for (const pair of text === '' ? [] : text.split(separator)) {
    const at = pair.indexOf('=')
    if (at < 1) throw wrong(uri, `expected name=value in ${pair}`)
    const name = pair.slice(0, at)
    if (all.has(name)) throw wrong(uri, `${name} stands twice`)
    all.set(name, decoded(uri, pair.slice(at + 1)))
  }
  return all
}

function decoded(uri: string, value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw wrong(uri, `${value} is not percent-encoded`)
  }
}

function wrong(uri: string, detail: string): WrongUse {
  return new WrongUse(
    'TOKEN-URI',
    `${uri}: ${detail}`,
    'pkcs11:serial=…?module-path=/path/to/library.so&pin-source=file:/path/to/pin',
  )
}
