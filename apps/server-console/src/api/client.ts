import type { Failure } from '@lux/ui/i18n'
import type { OpenApi } from './open-api.ts'

/** The server's refusal, or that it did not answer. */
export class Refused extends Error {
  readonly failure: Failure
  readonly status: number

  constructor(status: number, failure: Failure) {
    super(failure.code)
    this.name = 'Refused'
    this.status = status
    this.failure = failure
  }
}

type Prover = () => Promise<boolean>
let prover: Prover | null = null

/** Who asks for the second factor again, in front of the page; what was refused for want of it then goes on. Gives what ends that. */
export function proveBy(asks: Prover): () => void {
  prover = asks
  return () => {
    if (prover === asks) prover = null
  }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One call of the server's API by the session of this browser. Throws `Refused`. */
export async function call<T>(method: Method, path: string, body?: object): Promise<T> {
  const reply = await ask(method, path, body)
  // The server's reply is trusted to have its documented type.
  return (await reply.json()) as T
}

/** The server's own description of its calls. Throws `Refused`. */
export async function openApi(): Promise<OpenApi> {
  const reply = await fetch('/api/openapi.json', { credentials: 'omit' }).catch(() => {
    throw new Refused(0, { code: 'CONSOLE-OFFLINE', detail: '' })
  })
  // The server's reply is trusted to have its documented type.
  return (await reply.json()) as OpenApi
}

export type Readiness = {
  /** What the server lacks to serve keys. Null where it lacks nothing. */
  readonly code: string | null
  /** The parts that fail, each with its code. */
  readonly red: Readonly<Record<string, string>>
  /** The place of its root key. */
  readonly root: string
  /** Milliseconds to the answer, and seconds between the server's clock and this one. */
  readonly took: number
  readonly apart: number
}

/** Throws `Refused` where nothing answers. */
export async function readiness(): Promise<Readiness> {
  const offline = (): never => {
    throw new Refused(0, { code: 'CONSOLE-OFFLINE', detail: '' })
  }
  const began = performance.now()
  const reply = await fetch('/readiness', { credentials: 'omit' }).catch(offline)
  const took = Math.round(performance.now() - began)
  const [health, body] = await Promise.all([
    fetch('/health', { credentials: 'omit' })
      .then((one) => one.json())
      .catch(() => null),
    reply.json().catch(() => null),
  ])
  const date = Date.parse(reply.headers.get('date') ?? '')
  const apart = Number.isNaN(date) ? 0 : Math.round((Date.now() - date) / 1000)
  const root: unknown = Object(health).root
  const parts: unknown = Object(body).parts
  return {
    code: reply.ok ? null : String(Object(body).code),
    red: Object.fromEntries(
      (Array.isArray(parts) ? parts : []).map((one) => [String(Object(one).part), String(Object(one).code)]),
    ),
    root: typeof root === 'string' ? root : 'token',
    took,
    apart,
  }
}

/** A file, as its bytes are. Throws `Refused`. */
export async function send<T>(path: string, file: File): Promise<T> {
  const reply = await ask('POST', path, file)
  // The server's reply is trusted to have its documented type.
  return (await reply.json()) as T
}

/** A reply that is saved as a file. */
export async function download(path: string, name: string): Promise<void> {
  const blob = await (await ask('GET', path)).blob()
  saveAs(blob, name)
}

export function saveAs(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

async function ask(method: Method, path: string, body?: object | File): Promise<Response> {
  const reply = await fetched(method, path, body)
  if (reply.ok) return reply
  const refused = await refusedBy(reply)
  if (refused.failure.code !== 'SECOND-FACTOR-ANEW' || prover === null || !(await prover())) throw refused
  const again = await fetched(method, path, body)
  if (again.ok) return again
  throw await refusedBy(again)
}

const refusedBy = async (reply: Response) =>
  new Refused(reply.status, failureOf(await reply.json().catch(() => null)))

async function fetched(method: Method, path: string, body?: object | File): Promise<Response> {
  const type = body instanceof File ? 'application/zip' : 'application/json'
  return fetch(`/api/v1${path}`, {
    method,
    credentials: 'same-origin',
    // No page of another origin can send this header.
    headers: {
      'X-Custody-Console': '1',
      ...(body === undefined ? {} : { 'Content-Type': type }),
    },
    ...(body === undefined ? {} : { body: body instanceof File ? body : JSON.stringify(body) }),
  }).catch(() => {
    throw new Refused(0, { code: 'CONSOLE-OFFLINE', detail: '' })
  })
}

/** Only the detail: the page's own texts say what happened and what to do. */
export function failureOf(body: unknown): Failure {
  // Each field is checked before it is used.
  const { code, message, details } = Object(body) as Record<string, unknown>
  if (typeof code !== 'string' || typeof message !== 'string') return { code: 'CONSOLE-ANSWER', detail: '' }
  if (Array.isArray(details)) return { code, detail: details.map(String).join(', ') }
  const [said = ''] = message.split('. What to do: ')
  return { code, detail: said.startsWith(`${code}: `) ? said.slice(code.length + 2) : '' }
}

export function failureFrom(error: unknown): Failure {
  return error instanceof Refused ? error.failure : { code: 'CONSOLE-FAULT', detail: '' }
}
