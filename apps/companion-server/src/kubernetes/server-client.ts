import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { EnvironmentError } from '../refusal.ts'
import { callJson, type Method } from './call-json.ts'

/** What the server refused, by its code; `status` is that of HTTP. */
export class ServerRefusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    super(`${code} (${status})`)
    this.name = 'ServerRefusal'
    this.status = status
    this.code = code
  }
}

export type ServerClient = {
  get(path: string): Promise<unknown>
  post(path: string, body: object): Promise<unknown>
  patch(path: string, body: object): Promise<unknown>
  delete(path: string): Promise<unknown>
  close(): void
}

export type ServerPlace = {
  /** An https origin. */
  readonly server: URL
  /** PEM; null: the authorities that Node trusts. */
  readonly ca: string | null
  /** A file with JSON {clientId, clientSecret}, which is read at each log-in: a new secret needs no restart. */
  readonly credentials: string
}

/** Talks to the server as one identity: logs in when it has to, once more after a 401, and never tells what it sent. */
export function openServerClient({ server, ca, credentials }: ServerPlace): ServerClient {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 8,
    minVersion: 'TLSv1.3',
    ...(ca === null ? {} : { ca }),
  })
  let login: Promise<{ token: string; until: number }> | null = null

  const tokenNow = async (): Promise<string> => {
    const known = login
    const held = known === null ? null : await known.catch(() => null)
    if (held !== null && held.until > Date.now()) return held.token
    // Calls at the same time wait for one log-in.
    if (login === known) login = logIn()
    return (await (login ?? logIn())).token
  }

  async function logIn(): Promise<{ token: string; until: number }> {
    const body = await readCredentials(credentials)
    const answer = await send('POST', '/api/v1/auth/universal-auth/login', body, null)
    const token = textOf(answer, 'accessToken')
    const seconds = Number(fieldOf(answer, 'expiresIn'))
    // Renewed by a new log-in after four fifths of its life.
    return { token, until: Date.now() + seconds * 800 }
  }

  async function ask(method: Method, path: string, body: object | null): Promise<unknown> {
    const token = await tokenNow()
    try {
      return await send(method, path, body, token)
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.status !== 401) throw error
      login = null
      return send(method, path, body, await tokenNow())
    }
  }

  async function send(
    method: Method,
    path: string,
    body: object | null,
    token: string | null,
  ): Promise<unknown> {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` }
    const answer = await callJson({ method, url: new URL(path, server), agent, headers, body })
    if (answer.status === 200) return answer.body
    throw new ServerRefusal(answer.status, codeOf(answer.body))
  }

  return {
    get: (path) => ask('GET', path, null),
    post: (path, body) => ask('POST', path, body),
    patch: (path, body) => ask('PATCH', path, body),
    delete: (path) => ask('DELETE', path, null),
    close: () => agent.destroy(),
  }
}

/** Throws PLUGIN-CREDENTIALS. */
export async function readCredentials(file: string): Promise<{ clientId: string; clientSecret: string }> {
  const wrong = (why: string) => new EnvironmentError('PLUGIN-CREDENTIALS', `${file}: ${why}`)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw wrong(error instanceof Error && 'code' in error ? String(error.code) : 'it cannot be read')
  }
  try {
    const value: unknown = JSON.parse(text)
    return { clientId: textOf(value, 'clientId'), clientSecret: textOf(value, 'clientSecret') }
  } catch {
    throw wrong('it is no JSON with clientId and clientSecret')
  }
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

export function textOf(value: unknown, name: string): string {
  const text = fieldOf(value, name)
  if (typeof text !== 'string' || text === '') throw new Error(`there is no ${name} in the answer`)
  return text
}

function codeOf(answer: unknown): string {
  const code = fieldOf(answer, 'code')
  return typeof code === 'string' && /^[A-Z0-9-]{1,64}$/.test(code) ? code : 'UNKNOWN'
}
