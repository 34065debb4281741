import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as plain } from 'node:http'
import { request as secured } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { variable } from '../environment.ts'

export type Asked = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** A CA that is trusted for this address alone, PEM. */
  readonly ca?: string
  /** Of all that belongs together; else of this call alone. */
  readonly limit?: AbortSignal
}

/** `type`: of its content, as it says; null where it says none. */
export type Answered = { readonly status: number; readonly body: Buffer; readonly type: string | null }

/** Calls out of this server, to addresses that somebody configured. */
export type Egress = {
  /** Refuses PROVIDER-ADDRESS, PROVIDER-UNREACHABLE, PROVIDER-TIMEOUT, PROVIDER-ANSWER. What the other side says is never in a detail. */
  send(asked: Asked): Promise<Outcome<Answered>>
}

export type EgressOptions = {
  /** Hosts, with a port where it is none of the scheme's own, that may be at private addresses and speak plain HTTP. */
  readonly allowed: readonly string[]
  readonly timeoutMs?: number
}

/** Bytes. Room for what Vault tells of a pair that was rotated a hundred times: 64 KiB would make such a key useless. */
const maxAnswer = 256 * 1024
/** Milliseconds. */
const patience = 5000

/** One time limit, from now on, for all that is sent by it: an operation of several calls takes no longer than one call may. */
export function together(egress: Egress, timeoutMs = patience): Egress {
  const limit = AbortSignal.timeout(timeoutMs)
  return { send: (asked) => egress.send({ ...asked, limit }) }
}

/** Everything that is no public unicast address: own, private, shared, link-local with its metadata services, reserved. */
const inner = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  inner.addSubnet(net, bits, 'ipv4')
const outer6 = new BlockList()
outer6.addSubnet('2000::', 3, 'ipv6')
/** Of public IPv6, what stands for IPv4 addresses and what is for documents: 6to4, Teredo. */
const inner6 = new BlockList()
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  inner6.addSubnet(net, bits, 'ipv6')

function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !inner.check(address, 'ipv4')
  return family === 6 && outer6.check(address, 'ipv6') && !inner6.check(address, 'ipv6')
}

/**
 * Resolves a name once and connects to that address, so that what was checked is what is called. https alone, no redirects, one
 * time limit for all of it, a cap on the answer.
 */
export function openEgress({ allowed, timeoutMs = patience }: EgressOptions): Egress {
  const trusted = new Set(allowed.map((host) => host.toLowerCase()))

  async function addressOf(url: URL): Promise<Outcome<string>> {
    const free = trusted.has(url.host)
    if (url.username !== '' || url.password !== '' || (url.protocol !== 'https:' && !free))
      return refuse('PROVIDER-ADDRESS', 'the address is no https URL without a name and password')
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      return refuse('PROVIDER-ADDRESS', 'the address is no https URL')
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const found = isIP(host) ? [{ address: host }] : await lookup(host, { all: true }).catch(() => [])
    const [first] = found
    if (first === undefined) return refuse('PROVIDER-UNREACHABLE', `${host} has no address`)
    if (!free && !found.every(({ address }) => isPublicAddress(address)))
      return refuse('PROVIDER-ADDRESS', `${host} is at an address inside, not on the internet`)
    return accept(first.address)
  }

  return {
    async send({ method, url: text, headers, body, ca, limit = AbortSignal.timeout(timeoutMs) }) {
      if (!URL.canParse(text)) return refuse('PROVIDER-ADDRESS', 'the address is no URL')
      const url = new URL(text)
      const late = refuse('PROVIDER-TIMEOUT', `no answer within ${timeoutMs / 1000} s`)
      const address = await Promise.race([addressOf(url), ended(limit)])
      if (address === 'ended') return late
      if (!address.ok) return address
      const pinned: LookupFunction = (_host, { all }, done) => {
        const family = isIP(address.value)
        if (all) done(null, [{ address: address.value, family }])
        else done(null, address.value, family)
      }
      const options = {
        method,
        lookup: pinned,
        signal: limit,
        agent: false as const,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) },
      }
      return new Promise((done) => {
        const failed = (error: unknown) => {
          if (limit.aborted) return done(late)
          const code = error instanceof Error && 'code' in error ? String(error.code) : 'no connection'
          done(refuse('PROVIDER-UNREACHABLE', code))
        }
        const take = (reply: IncomingMessage) => {
          const parts: Buffer[] = []
          let size = 0
          reply.on('error', failed)
          reply.on('data', (part: Buffer) => {
            size += part.length
            parts.push(part)
            if (size <= maxAnswer) return
            done(refuse('PROVIDER-ANSWER', 'it is too long'))
            reply.destroy()
          })
          reply.on('end', () =>
            done(
              accept({
                status: reply.statusCode ?? 0,
                body: Buffer.concat(parts),
                type: reply.headers['content-type'] ?? null,
              }),
            ),
          )
        }
        const asking =
          url.protocol === 'https:'
            ? secured(url, { ...options, ...(ca === undefined ? {} : { ca }), minVersion: 'TLSv1.2' }, take)
            : plain(url, options, take)
        asking.on('error', failed)
        asking.end(body)
      })
    },
  }
}

/** As this server's settings let it call out. */
export const serverEgress = (): Egress =>
  openEgress({ allowed: (variable('EGRESS_PRIVATE_HOSTS') ?? '').split(',') })

function ended(signal: AbortSignal): Promise<'ended'> {
  return new Promise((done) => signal.addEventListener('abort', () => done('ended'), { once: true }))
}
