// What the server's routes are measured against: Fastify and the cryptography, without authentication, policy, database or audit.
import cluster from 'node:cluster'
import { createCipheriv, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createRequire } from 'node:module'

const [port, processes] = process.argv.slice(2).map(Number)
if (cluster.isPrimary && processes > 1) {
  let listening = 0
  cluster.on('listening', () => {
    if (++listening === processes) process.stdout.write('ready\n')
  })
  for (let at = 0; at < processes; at++) cluster.fork()
} else {
  const Fastify = createRequire(new URL('../apps/companion-server/package.json', import.meta.url))('fastify')
  const app = Fastify({ bodyLimit: 2 << 20 })
  const key = randomBytes(32)
  const pairs = {
    p256: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  }
  app.post('/encrypt', async ({ body }) => {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', key, nonce)
    const text = cipher.update(Buffer.from(body.plaintext, 'base64'))
    const sealed = Buffer.concat([nonce, text, cipher.final(), cipher.getAuthTag()])
    return { ciphertext: sealed.toString('base64') }
  })
  for (const [name, privateKey] of Object.entries(pairs))
    app.post(`/sign-${name}`, async ({ body }) => ({
      signature: sign('sha256', Buffer.from(body.data, 'base64'), privateKey).toString('base64'),
    }))
  await app.listen({ host: '127.0.0.1', port })
  if (cluster.isPrimary) process.stdout.write('ready\n')
}
