import { type Agent, request } from 'node:https'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type JsonCall = {
  readonly method: Method
  readonly url: URL
  readonly agent: Agent
  readonly headers: Readonly<Record<string, string>>
  readonly body: object | null
  /** Bytes of the answer (default 64 KiB). */
  readonly maxAnswer?: number
}

const answerMs = 2500

/** One HTTPS call with JSON both ways. Throws what the network, TLS or JSON says, and nothing of what was sent. */
export function callJson(call: JsonCall): Promise<{ status: number; body: unknown }> {
  const { method, url, agent, headers, body, maxAnswer = 64 * 1024 } = call
  return new Promise((resolve, reject) => {
    const text = body === null ? null : JSON.stringify(body)
    const sent = request(url, {
      ...{ method, agent, timeout: answerMs },
      headers: {
        ...(text === null
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...headers,
      },
    })
    sent.on('response', (reply) => {
      const pieces: Buffer[] = []
      let length = 0
      reply.on('data', (piece: Buffer) => {
        length += piece.length
        if (length > maxAnswer) sent.destroy(new Error('the answer is too long'))
        else pieces.push(piece)
      })
      reply.on('error', reject)
      reply.on('end', () => {
        try {
          resolve({ status: reply.statusCode ?? 0, body: JSON.parse(Buffer.concat(pieces).toString()) })
        } catch {
          reject(new Error('the answer is no JSON'))
        }
      })
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${answerMs} ms`)))
    sent.on('error', reject)
    sent.end(text ?? undefined)
  })
}
