import { request as plain } from 'node:http'
import { request } from 'node:https'
import { EnvironmentError } from '../refusal.ts'

const maxBody = 16_384

/**
 * Asks the server on this machine whether it can serve keys: for a container's health check. Nothing secret is sent, so the
 * certificate, which may be for another name, is not judged. Throws SERVER-NOT-READY, with the code of what is missing.
 */
export async function askReadiness(
  port: number,
  behindTlsProxy: boolean,
): Promise<{ readonly status: 'ready' }> {
  const { status, body } = await new Promise<{ status: number; body: string }>((done, failed) => {
    const ask = behindTlsProxy ? plain : request
    const asked = ask(
      { host: '127.0.0.1', port, path: '/readiness', timeout: 4000, rejectUnauthorized: false },
      (reply) => {
        let text = ''
        reply.setEncoding('utf8')
        reply.on('data', (part: string) => {
          if (text.length < maxBody) text += part
        })
        reply.on('end', () => done({ status: reply.statusCode ?? 0, body: text }))
        reply.on('error', failed)
      },
    )
    asked.on('timeout', () => asked.destroy(new Error('no answer')))
    asked.on('error', failed)
    asked.end()
  }).catch((error: unknown) => {
    throw new EnvironmentError(
      'SERVER-NOT-READY',
      `port ${port}: ${error instanceof Error ? error.message : ''}`,
    )
  })
  if (status === 200) return { status: 'ready' }
  throw new EnvironmentError('SERVER-NOT-READY', `status ${status}: ${body.slice(0, 200)}`)
}
