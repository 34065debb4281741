import { spawn } from 'node:child_process'
import { createIdentity } from './create-identity.ts'
import { given, type openKms } from './kms-under-test.ts'
import { pythonTool } from './python.ts'

/** These would end the fuzzer’s own access, or ask other machines. */
const left = ['log-out-everywhere', '/credentials/', '/revoke', '/external-keys', '/sign-on/providers']

const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
]

/** Schemathesis against a server that listens, as who may do everything in its organisation; always the same calls. */
export async function fuzz(
  kms: Awaited<ReturnType<typeof openKms>>,
  { phases, examples }: { readonly phases: readonly ('coverage' | 'fuzzing')[]; readonly examples: number },
): Promise<{ status: number | null; said: string }> {
  const address = await kms.server.app.listen({ host: '127.0.0.1', port: 0 })
  const { database, credentials } = kms.server.services
  const roles = ['organisation-admin', 'crypto-officer', 'service', 'auditor'] as const
  const grants = roles.map((role) => ({ role, organisation: kms.organisation.id, project: null }))
  const made = await createIdentity(database, { name: 'fuzz', grants })
  const asked = { identity: made.identity, name: 'key', ttlSeconds: 36_000 }
  const key = given(await credentials.addApiKey(kms.callAs({ identity: made.identity, grants }), asked))
  return ran(pythonTool('schemathesis'), [
    ...['run', `${address}/api/openapi.json`, '--no-color', '--continue-on-failure', '--workers', '1'],
    ...['--seed', '16', '--generation-deterministic'],
    ...['--phases', phases.join(','), '--max-examples', String(examples), '--checks', checks.join(',')],
    ...['--header', `Authorization: Bearer ${key.token}`, '--request-timeout', '30'],
    ...['--exclude-path-regex', left.join('|')],
  ])
}

function ran(program: string, args: readonly string[]): Promise<{ status: number | null; said: string }> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part: Buffer) => {
        said += part.toString('utf8')
      })
    child.on('error', failed)
    child.on('close', (status) => done({ status, said: said.slice(-20_000) }))
  })
}
