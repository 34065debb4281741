import type { Call } from '../audit/record.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** The one project in which a caller has roles: what names and new keys are about at a door that knows no projects. */
export function onlyProject({ caller }: Call): Outcome<string> {
  const projects = [...new Set(caller.grants.flatMap(({ project }) => project ?? []))]
  const [only] = projects
  return only !== undefined && projects.length === 1
    ? accept(only)
    : refuse(
        'FACADE-PROJECT',
        `the identity has roles in ${projects.length === 0 ? 'no' : 'more than one'} project`,
      )
}

/** A field that is missing or has not its form: the caller's fault. */
export class FieldFault extends Error {
  constructor(detail: string) {
    super(detail)
    this.name = 'FieldFault'
  }
}

export type Body = { readonly [field: string]: unknown }

export function bodyOf(bytes: Buffer): Body {
  if (bytes.length === 0) return {}
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json }
  } catch {
    // Said below, without what was sent.
  }
  throw new FieldFault('the body is no JSON object')
}

export function textOf(body: Body, name: string): string {
  const value = body[name]
  if (typeof value !== 'string') throw new FieldFault(`${name}: expected text`)
  return value
}

export const textIfGiven = (body: Body, name: string): string | undefined =>
  body[name] === undefined || body[name] === null ? undefined : textOf(body, name)

/** Whether it is asked for; a client of Vault sends what was typed, as text. */
export function flagOf(body: Body, name: string): boolean {
  const value = body[name] ?? false
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new FieldFault(`${name}: expected true or false`)
}

export function bytesOf(body: Body, name: string): Uint8Array {
  const text = textOf(body, name)
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
    throw new FieldFault(`${name}: expected base64`)
  return new Uint8Array(Buffer.from(text, 'base64'))
}

export function numberOf(body: Body, name: string, absent: number): number {
  const value = body[name] ?? absent
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number))
    throw new FieldFault(`${name}: expected a number`)
  return number
}

export const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
