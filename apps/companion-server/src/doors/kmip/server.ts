import { constants, createHash } from 'node:crypto'
import type { AddressInfo, Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { type Outcome, type Refusal, refuse } from '@lux/crypto'
import type { KmipClient, KmipClients } from '../../access/kmip-clients.ts'
import { networkOf } from '../../access/lockout.ts'
import type { Strangers } from '../../audit/strangers.ts'
import { inTime } from '../../platform/in-time.ts'
import type { TlsKey } from '../../platform/tls/certificate.ts'
import { EnvironmentError } from '../../refusal.ts'
import { type AnswerParts, answer, refuseMessage } from './answer.ts'
import { headLength, itemLength } from './codec/ttlv.ts'

type Log = { warn(what: object, message: string): void }

export type KmipServer = {
  /** The port. */
  listen(place: { readonly host: string; readonly port: number }): Promise<number>
  /** What is under way is answered first. */
  close(): Promise<void>
  /** Another certificate for connections from now on. */
  renew(tls: TlsKey): void
}

type Parts = {
  readonly tls: TlsKey
  /** PEM of the CAs that sign clients' certificates. */
  readonly authorities: readonly string[]
  readonly clients: KmipClients
  /** Hears of each connection whose certificate is not known, or is none. */
  readonly strangers: Pick<Strangers, 'failed'>
  readonly answering: AnswerParts
  /** Once begun, each connection ends after its next answer: the client comes back by another one. */
  readonly draining: { readonly begun: boolean }
  readonly log: Log
  /** How long a message may take to arrive, a connection may say nothing, and one of nobody known may stand, in milliseconds. */
  readonly patience?: { readonly message: number; readonly idle: number; readonly stranger: number }
}

/** Connections at once of clients, and of one certificate. */
const mostKnown = 512
const mostOfOne = 128
/** Connections at once of whom nobody knows yet, and of these from one address. */
const mostStrange = 256
const mostOfAddress = 64
const usual = { message: 30_000, idle: 600_000, stranger: 10_000 }

/** So many at once, and of each name. */
function openPlaces(most: number, ofOne: number) {
  const taken = new Map<string, number>()
  let all = 0
  return {
    isFull: () => all >= most,
    /** The name that has most of them. */
    fullest: () => [...taken].reduce((one, other) => (other[1] > one[1] ? other : one), ['', 0])[0],
    take(name: string): boolean {
      const count = taken.get(name) ?? 0
      if (all >= most || count >= ofOne) return false
      taken.set(name, count + 1)
      all++
      return true
    },
    free(name: string): void {
      all--
      const count = (taken.get(name) ?? 1) - 1
      if (count > 0) taken.set(name, count)
      else taken.delete(name)
    },
  }
}

type Meeting = {
  readonly socket: Socket
  readonly network: string
  /** Until its handshake is over. */
  isShaking: boolean
  /** It is a client's, or over. */
  become(): void
}

const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

/** Connections of whom nobody knows yet: few of them, and few of one address. */
function openMeetings() {
  const meeting = new Map<string, Meeting>()
  const strange = openPlaces(mostStrange, mostOfAddress)

  /** The oldest of the address that has most of them goes: from elsewhere there is always room. */
  function makeRoom(): void {
    const network = strange.fullest()
    const oldest = [...meeting.values()].find((one) => one.network === network)
    oldest?.become()
    oldest?.socket.destroy()
  }

  return {
    meet(socket: Socket): void {
      const network = networkOf(socket.remoteAddress ?? '')
      if (strange.isFull()) makeRoom()
      if (!strange.take(network)) {
        socket.destroy()
        return
      }
      const place = placeOf(socket)
      let isStrange = true
      const become = () => {
        if (!isStrange) return
        isStrange = false
        meeting.delete(place)
        strange.free(network)
      }
      meeting.set(place, { become, network, socket, isShaking: true })
      socket.on('close', become)
    },

    /** Its handshake is over. */
    shaken(socket: Socket): Meeting | undefined {
      const met = meeting.get(placeOf(socket))
      if (met !== undefined) met.isShaking = false
      return met
    },

    /** Ends those of whom nothing was asked yet. */
    end(): void {
      for (const { socket, isShaking } of meeting.values()) if (isShaking) socket.destroy()
    },
  }
}

/**
 * Binary KMIP over TLS in which both sides show a certificate. Who asks is asked anew for each message, so that one who is revoked
 * is not answered any more on a connection that stands.
 */
export function openKmipServer({
  tls,
  authorities,
  clients,
  strangers,
  answering,
  draining,
  log,
  patience = usual,
}: Parts): KmipServer {
  const open = new Map<TLSSocket, Connection>()
  const meetings = openMeetings()
  const friends = openPlaces(mostKnown, mostOfOne)
  const secured = (own: TlsKey) => ({
    ...own,
    ca: [...authorities],
    minVersion: 'TLSv1.2' as const,
    ciphers: [
      'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-GCM-SHA256',
    ].join(':'),
    // A session that is taken up again shows no certificate.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  })
  const server = createServer(
    // Who is not let in is told so, and counted: Node itself would end the connection without a word, as one that was reset.
    { ...secured(tls), requestCert: true, rejectUnauthorized: false, handshakeTimeout: 10_000 },
    (socket) => {
      const met = meetings.shaken(socket)
      const spki = socket.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' })
      const source = socket.remoteAddress ?? null
      const shown = spki === undefined ? null : createHash('sha256').update(spki).digest()
      if (!socket.authorized || shown === null) {
        refuseCertificate(socket, source, shown)
        return
      }
      const fingerprint: Buffer = shown
      const hex = fingerprint.toString('hex')
      const stranger = setTimeout(() => socket.destroy(), patience.stranger)
      let told = false
      let known = false
      async function find(): Promise<Outcome<KmipClient>> {
        const found = await clients.find(fingerprint, source)
        if (!found.ok && !told) failed(found.rule, source, hex)
        told ||= !found.ok
        if (!found.ok || known || socket.destroyed) return found
        if (!friends.take(hex))
          return refuse(
            'RATE-LIMITED',
            `${mostOfOne} connections of this certificate, or ${mostKnown} in all, are open`,
          )
        known = true
        met?.become()
        clearTimeout(stranger)
        return found
      }
      // At once, and not only with its first message.
      find().catch(answering.fault)
      const connection = serve(socket, find, answering, { patience, draining })
      open.set(socket, connection)
      socket.on('close', () => {
        open.delete(socket)
        clearTimeout(stranger)
        if (known) friends.free(hex)
      })
    },
  )
  server.maxConnections = mostKnown + mostStrange
  // After the listener of TLS itself, which ends with the connection.
  server.on('connection', meetings.meet)

  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // Who only looks whether the port is open has said nothing that could be refused.
    if (error.code === 'ECONNRESET') return
    failed(error.code ?? error.name, socket.remoteAddress ?? null)
  })

  /** Before anything is read that it sent. */
  function refuseCertificate(socket: TLSSocket, source: string | null, fingerprint: Buffer | null): void {
    // Node says a name of OpenSSL's there, and not an error.
    const code = fingerprint === null ? 'NoCertificate' : String(socket.authorizationError)
    failed(code, source, fingerprint?.toString('hex'))
    const refusal = refuse('KMIP-CERTIFICATE', wrongWith(code))
    socket.on('error', () => socket.destroy())
    socket.end(refuseMessage(new Uint8Array(0), refusal, answering.now()))
    // What is sent meanwhile is passed over: left unread, it would take the answer from who asks.
    socket.resume()
    setTimeout(() => socket.destroy(), 1000).unref()
  }

  function failed(code: string, source: string | null, fingerprint?: string): void {
    strangers.failed({ reqId: answering.newReqId(), source: source ?? 'unknown' })
    log.warn(
      { code, source, ...(fingerprint === undefined ? {} : { fingerprint }) },
      'KMIP: a client is refused',
    )
  }

  return {
    listen: ({ host, port }) =>
      new Promise((done, failed) => {
        server.once('error', failed)
        server.listen({ host, port }, () => {
          server.off('error', failed)
          // A server that listens on a port has such an address.
          done((server.address() as AddressInfo).port)
        })
      }),
    renew: (next) => server.setSecureContext(secured(next)),
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()))
      for (const connection of open.values()) connection.end()
      meetings.end()
      await closed
    },
  }
}

function wrongWith(code: string): string {
  if (code === 'NoCertificate') return 'the connection shows none'
  if (code === 'CERT_HAS_EXPIRED') return 'the certificate has expired'
  if (code === 'CERT_NOT_YET_VALID') return 'the certificate does not hold yet'
  return /ISSUER|SELF_SIGNED|SIGNATURE/.test(code)
    ? 'the certificate is of another CA'
    : 'the certificate is not valid'
}

type Connection = { end(): void }

/** One message after another: while one is answered, no more is read. */
function serve(
  socket: TLSSocket,
  find: () => Promise<Outcome<KmipClient>>,
  parts: AnswerParts,
  { patience = usual, draining }: Pick<Parts, 'patience' | 'draining'>,
): Connection {
  let chunks: Buffer[] = []
  let held = 0
  let busy = false
  let ending = false
  let stopWaiting = () => {}
  let deadline: NodeJS.Timeout | null = null

  const waitForRest = () => {
    deadline ??= setTimeout(() => socket.destroy(), patience.message)
  }
  const whole = () => {
    if (deadline !== null) clearTimeout(deadline)
    deadline = null
  }

  /** The next message that is there in full, or that has a head which no message has; null while it is on its way. */
  function take(): { bytes: Buffer; refusal: Refusal | null } | null {
    if (held < headLength) return null
    if ((chunks[0]?.length ?? 0) < headLength) chunks = [Buffer.concat(chunks)]
    const length = itemLength((chunks[0] ?? Buffer.alloc(0)).subarray(0, headLength))
    if (length.ok && held < length.value) return null
    const all = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
    const end = length.ok ? length.value : headLength
    const rest = all.subarray(end)
    chunks = rest.length === 0 ? [] : [rest]
    held = rest.length
    return { bytes: all.subarray(0, end), refusal: length.ok ? null : length }
  }

  async function respond({ bytes, refusal }: { bytes: Buffer; refusal: Refusal | null }) {
    const client = await find()
    if (client.ok && refusal === null)
      return { reply: await answer(bytes, client.value, parts), isLast: false }
    // After bytes that are no message nobody knows where the next one begins.
    return { reply: refuseMessage(bytes, client.ok ? refusal : client, parts.now()), isLast: true }
  }

  async function pump(): Promise<void> {
    if (busy) return
    busy = true
    socket.pause()
    try {
      for (let next = take(); next !== null && !socket.destroyed; next = take()) {
        whole()
        const { reply, isLast } = await inTime({ deadline: 0 }, respond(next)).catch((error: unknown) => {
          if (!(error instanceof EnvironmentError)) throw error
          parts.fault(error)
          const late = refuse(error.code, 'the server could not do it')
          return { reply: refuseMessage(next.bytes, late, parts.now()), isLast: true }
        })
        const sent = socket.write(reply)
        if (isLast) ending = true
        if (ending || (draining.begun && held === 0)) {
          ending = true
          break
        }
        // Whoever reads no answers is not waited for once the server stops.
        if (!sent)
          await new Promise<void>((done) => {
            stopWaiting = done
            drained(socket).then(done)
          })
      }
    } catch (error) {
      parts.fault(error)
      ending = true
    }
    busy = false
    if (ending) {
      socket.end()
      // Whoever does not close in turn is not waited for.
      setTimeout(() => socket.destroy(), 1000).unref()
      return
    }
    if (held > 0) waitForRest()
    socket.resume()
  }

  socket.setTimeout(patience.idle, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('close', whole)
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    held += chunk.length
    void pump()
  })
  return {
    end() {
      ending = true
      stopWaiting()
      if (!busy) void pump()
    },
  }
}

const drained = (socket: TLSSocket): Promise<void> =>
  new Promise((done) => {
    const over = () => {
      socket.off('drain', over)
      socket.off('close', over)
      done()
    }
    socket.once('drain', over)
    socket.once('close', over)
  })
