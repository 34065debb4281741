import { encodeCanonical, toBase64, utf8 } from '@lux/crypto'
import type { Caller } from '../access/authorize.ts'
import { logIn } from '../access/log-in.ts'
import type { Call } from '../audit/record.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { parseState, readIfPresent, writeWhole } from '../platform/state-folder/private-file.ts'
import { EnvironmentError, type Outcome } from '../refusal.ts'
import type { Services } from '../services.ts'
import { operatorCall } from './operator-call.ts'

/** What a newcomer works with: a project of an organisation made online, an identity that makes keys there and uses them, two keys. */
export type Training = {
  readonly organisation: string
  readonly project: string
  readonly identity: string
  readonly clientId: string
  readonly clientSecret: string
  /** Ids of keys. */
  readonly cipher: string
  readonly pair: string
}

const fields = ['organisation', 'project', 'identity', 'clientId', 'clientSecret', 'cipher', 'pair'] as const

/** Where whoever pastes the lines has the CA of the server and the file with the token. */
type Files = Pick<StateFolder, 'caCertificate' | 'trainingHeader'>

/**
 * Makes it at the first start, logs in at each, and gives lines to paste; the token is in a 0600 file, never in a line. Whatever became of
 * the set since is said in their place: the server serves all the same.
 */
export async function trainingLines(
  services: Services,
  address: string,
  files: Files = services.state,
): Promise<string[]> {
  const training = (await findTraining(services.state)) ?? (await makeTraining(services))
  try {
    return await loggedIn(services, training, address, files)
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error
    return [`no lines to paste: ${error.code} ${error.message}`]
  }
}

async function loggedIn(
  services: Services,
  training: Training,
  address: string,
  files: Files,
): Promise<string[]> {
  const { state } = services
  const { clientId, clientSecret } = training
  const asked = { clientId, clientSecret, source: 'local', door: 'direct', reqId: 'training' } as const
  const { token } = mustBe(await logIn(services, asked))
  await writeWhole(state.trainingHeader, `Authorization: Bearer ${token.accessToken}\n`)
  return curlLines(services, training, address, files)
}

async function findTraining(state: StateFolder): Promise<Training | null> {
  const bytes = await readIfPresent(state.training, 16_384)
  if (bytes === 'absent') return null
  const value = parseState(state.training, bytes)
  const record = new Map(Object.entries(Object(value)))
  if (!fields.every((name) => typeof record.get(name) === 'string'))
    throw new EnvironmentError('STATE-DAMAGED', `${state.training} is not the training set`)
  // Each of its fields is a string: just looked at.
  return value as unknown as Training
}

async function makeTraining({ state, organisations, keys }: Services): Promise<Training> {
  const organisation = mustBe(await organisations.createOrganisation(operatorCall(), { name: 'Training' }))
  const project = mustBe(
    await organisations.createProject(operatorCall(), { organisation: organisation.id, name: 'Training' }),
  )
  const place = { organisation: organisation.id, project: project.id }
  const grants = [
    { role: 'crypto-officer', ...place },
    { role: 'service', ...place },
  ] as const
  const made = mustBe(
    await organisations.createIdentity(operatorCall(), { name: 'training service', grants }),
  )
  const caller = { identity: made.identity, grants }
  const cipher = mustBe(await keys.create(callOf(caller), { project: project.id, name: 'training' }))
  const pair = mustBe(
    await keys.create(callOf(caller), {
      project: project.id,
      name: 'training-pair',
      algorithm: 'ECC_NIST_P256',
    }),
  )
  const training = { ...place, ...made, cipher: cipher.id, pair: pair.id }
  await writeWhole(state.training, encodeCanonical(training))
  return training
}

async function curlLines(
  { keys }: Services,
  { organisation, project, identity, cipher, pair }: Training,
  address: string,
  files: Files,
): Promise<string[]> {
  const caller: Caller = { identity, grants: [{ role: 'service', organisation, project }] }
  const data = utf8('hello')
  const ciphertext = mustBe(await keys.encrypt(callOf(caller), { id: cipher, plaintext: data }))
  const algorithm = 'ECDSA_SHA_256'
  const { signature } = mustBe(
    await keys.sign(callOf(caller), { id: pair, data, algorithm, isDigest: false }),
  )
  const post = (what: string, path: string, body: object): string[] => [
    `# ${what}`,
    [
      `curl -sS ${address.startsWith('https:') ? `--cacert '${files.caCertificate}' ` : ''}-H @'${files.trainingHeader}'`,
      `-H 'Content-Type: application/json' ${address}/api/v1/kms/keys${path} -d '${JSON.stringify(body)}'`,
    ].join(' '),
  ]
  const text = toBase64(data)
  return [
    ...post('encrypt', `/${cipher}/encrypt`, { plaintext: text }),
    ...post('decrypt', `/${cipher}/decrypt`, { ciphertext: toBase64(ciphertext) }),
    ...post('create a key', '', { projectId: project, name: 'my-key' }),
    ...post('sign', `/${pair}/sign`, { data: text, signingAlgorithm: algorithm }),
    ...post('verify', `/${pair}/verify`, {
      data: text,
      signature: toBase64(signature),
      signingAlgorithm: algorithm,
    }),
    ...post('data key', `/${cipher}/generate-data-key`, { keySpec: 'AES_256' }),
    ...post('rotate', `/${cipher}/rotate`, {}),
  ]
}

function callOf(caller: Caller): Call {
  return { caller, door: 'direct', reqId: 'training', receipt: null }
}

function mustBe<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw new EnvironmentError(outcome.rule, outcome.detail)
}
