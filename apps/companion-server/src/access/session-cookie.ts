import type { FastifyReply, FastifyRequest } from 'fastify'
import { deviceSeconds } from './device.ts'

/** A browser takes a cookie of this prefix from this host alone, over TLS alone, for all paths. */
const cookie = '__Host-custody-session'
const pattern = new RegExp(`(?:^|;\\s*)${cookie}=([A-Za-z0-9_-]{43})(?:;|$)`)

/** What a page of another origin cannot send without asking first, and it is never told that it may. */
const consoleHeader = 'x-custody-console'

/**
 * The access token of the console's session: only of a call that the console itself made, as its header and the browser's own
 * word on the origin say. A call with an Authorization header has no session.
 */
export function sessionTokenOf(request: FastifyRequest): string | null {
  const { headers } = request
  if (headers.authorization !== undefined || !isFromConsole(request)) return null
  return pattern.exec(headers.cookie ?? '')?.[1] ?? null
}

export function isFromConsole({ method, headers }: FastifyRequest): boolean {
  if (headers[consoleHeader] !== '1') return false
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  // Browsers leave it out of reading calls to their own origin.
  if (headers.origin === undefined) return method === 'GET' || method === 'HEAD'
  return URL.parse(headers.origin)?.host === headers.host
}

export function giveSession(reply: FastifyReply, token: string, seconds: number): void {
  reply.header('Set-Cookie', `${cookie}=${token}; ${attributes}; Max-Age=${seconds}`)
}

export function endSession(reply: FastifyReply): void {
  reply.header('Set-Cookie', `${cookie}=; ${attributes}; Max-Age=0`)
}

/** What the browser was given at an earlier log-in; it outlives the session, and opens nothing. */
export const deviceTokenOf = ({ headers }: FastifyRequest): string | null =>
  devicePattern.exec(headers.cookie ?? '')?.[1] ?? null

export function giveDevice(reply: FastifyReply, device: string): void {
  reply.header('Set-Cookie', `${deviceCookie}=${device}; ${attributes}; Max-Age=${deviceSeconds}`)
}

const deviceCookie = '__Host-custody-device'
const devicePattern = new RegExp(`(?:^|;\\s*)${deviceCookie}=([A-Za-z0-9_-]{1,100})(?:;|$)`)
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict'
