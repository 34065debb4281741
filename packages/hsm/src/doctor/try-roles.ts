import { constants, createHash, createPublicKey, publicEncrypt, randomBytes, verify } from 'node:crypto'
import { HsmError, type ProbeReport, type Token } from '../device.ts'
import { createCompanion, signStatement, verifyStatement } from '../evidence/companion.ts'
import { probeFaults } from '../evidence/level.ts'
import { profileById } from '../profiles/profiles.ts'
import { type Said, said } from '../sayings.ts'
import { rootTemplate, sealingTemplate, signingTemplate } from '../templates.ts'

/** What a key on a token can be for. */
export const tokenRoles = ['root', 'transport', 'ceremony', 'officer', 'companion', 'data', 'backup'] as const
export type TokenRole = (typeof tokenRoles)[number]

/** Null: the token can. Else the reasons why not. */
export type RolesShown = Readonly<Record<TokenRole, readonly Said[] | null>>
type Why = RolesShown[TokenRole]

const named = (label: string) => ({ id: randomBytes(16).toString('hex'), label })

/** Does the work of whoever makes keys on the token, and logs the user in again. */
type AsMaker = <T>(work: () => Promise<T>) => Promise<T>

/** Of a token whose security officer makes keys. Null: nobody gives them, and the token refuses what the user does not make. */
type Pins = { readonly user: () => Uint8Array; readonly so: () => Uint8Array } | null

function makerOf(token: Token, profile: string, pins: Pins): AsMaker {
  if (pins === null || profileById(profile)?.makesKeys !== 'so') return (work) => work()
  const { user, so } = pins
  return async (work) => {
    await token.logOut()
    await token.logIn({ user: 'so', pin: so() })
    try {
      return await work()
    } finally {
      await token.logOut()
      await token.logIn({ user: 'user', pin: user() })
    }
  }
}

async function officer(token: Token, asMaker: AsMaker, lacks: string[] = []): Promise<Why> {
  const asked = { ...named('officer'), kind: 'p-384', template: signingTemplate } as const
  const pair = await asMaker(() => token.generateKeyPair(asked))
  lacks.push(...pair.attributes.flatMap(({ attribute, lacking }) => (lacking ? [attribute] : [])))
  const message = Buffer.from('signed by an officer')
  const digest = createHash('sha384').update(message).digest()
  const destroy = () =>
    asMaker(async () => {
      await token.destroy(pair.privateKey)
      await token.destroy(pair.publicKey)
    })
  const signature = await token.signEcdsa({ key: pair.privateKey, digest }).finally(destroy)
  const key = createPublicKey({ key: Buffer.from(pair.spki), format: 'der', type: 'spki' })
  const isRight = verify('sha384', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
  return isRight ? null : [said('signature-wrong')]
}

/** The pair that signs, and the key that seals its second half. */
async function ceremony(token: Token, asMaker: AsMaker): Promise<Why> {
  const template = { ...sealingTemplate, token: true }
  const asked = { ...named('seal'), bits: 256, template } as const
  const { ref: key } = await asMaker(() => token.generateAes(asked))
  try {
    const plaintext = new Uint8Array(32).fill(3)
    const aad = new Uint8Array(1)
    const sealed = await token.sealGcm({ key, nonce: new Uint8Array(12).fill(1), aad, plaintext })
    const opened = await token.decryptGcm({ key, aad, ...sealed })
    if (!Buffer.from(opened).equals(Buffer.from(plaintext))) return [said('sealing-wrong')]
  } finally {
    await asMaker(() => token.destroy(key))
  }
  return officer(token, asMaker)
}

async function companion(token: Token, asMaker: AsMaker): Promise<Why> {
  const pair = named('companion')
  await asMaker(() => createCompanion(token, pair))
  const key = { id: pair.id, class: 'private' } as const
  const destroy = () =>
    asMaker(async () => {
      await token.destroy(key)
      await token.destroy({ id: pair.id, class: 'public' })
    })
  const signed = await signStatement(token, {
    ...{ domain: 'rehearsal', companionId: pair.id, key },
    transcriptHead: '0'.repeat(64),
  }).finally(destroy)
  return verifyStatement('rehearsal', signed) ? null : [said('statement-wrong')]
}

async function transport(token: Token, asMaker: AsMaker): Promise<null> {
  const pair = named('transport')
  await asMaker(async () => {
    await token.createTransportPair(pair)
    await token.destroyTransportPair({ id: pair.id })
  })
  return null
}

/** A root and a data key under it. */
async function rootAndData(token: Token, report: ProbeReport): Promise<Pick<RolesShown, 'root' | 'data'>> {
  const root = named('root')
  const able = await reason(async () => {
    if (!report.passed) return probeFaults(report)
    await token.generateAes({ ...root, bits: 256, template: rootTemplate })
    return null
  })
  if (able !== null) return { root: able, data: [said('no-root-above')] }
  const data = await reason(async () => {
    await token.generateWrapped({ parent: { id: root.id }, algorithm: 'aes-256' })
    return null
  })
  await token.destroy({ id: root.id, class: 'secret' })
  return { root: null, data }
}

/** A root comes in by a transport pair and stays, and a key under it is read out: a server keeps its keys in memory. */
async function serving(token: Token): Promise<Why> {
  const [pair, root] = [named('transport'), named('root')]
  const { spki } = await token.createTransportPair(pair)
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
    const wrapped = publicEncrypt(
      { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' },
      randomBytes(32),
    )
    await token.unwrapRoot({ transportId: pair.id, ckaId: root.id, label: root.label, wrapped })
    try {
      const { wrapped: link } = await token.generateWrapped({
        parent: { id: root.id },
        algorithm: 'aes-256',
      })
      // A root lets nothing out that can be read: the key below it does.
      const kek = { id: root.id, chain: [{ wrapped: link, bits: 256 as const }] }
      const data = await token.generateWrapped({ parent: kek, algorithm: 'aes-256' })
      const bytes = await token.unwrapToMemory({ kek, wrapped: data.wrapped })
      bytes.fill(0)
      return null
    } finally {
      await token.destroy({ id: root.id, class: 'secret' })
    }
  } finally {
    await token.destroyTransportPair({ id: pair.id })
  }
}

function backup({ passed, attacks }: ProbeReport): Why {
  if (!passed) return [said('no-root')]
  const held = attacks.filter(
    ({ name, template, outcome }) =>
      template === 'hardened' &&
      outcome === 'held' &&
      (name === 'wrap-to-untrusted' || name === 'transport-unwrap'),
  )
  return held.length === 2 ? null : [said('no-window')]
}

async function reason(work: () => Promise<Why>): Promise<Why> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    const answer = [error.code, error.ckr?.name, error.detail].filter((part) => part !== undefined).join(' ')
    return [said('answered', { answer })]
  }
}

/**
 * Every role is tried on keys that are destroyed again, some of them keys that stay on the token until then. The user is logged in.
 * `lacks`: what the token does not take of an officer's pair, or says otherwise.
 */
export async function tryRoles(
  token: Token,
  report: ProbeReport,
  pins: Pins,
): Promise<{ roles: RolesShown; lacks: readonly string[]; serves: Why }> {
  const asMaker = makerOf(token, report.profile, pins)
  const made = await rootAndData(token, report)
  const lacks: string[] = []
  const roles = {
    root: made.root,
    transport: await reason(() => transport(token, asMaker)),
    ceremony: await reason(() => ceremony(token, asMaker)),
    officer: await reason(() => officer(token, asMaker, lacks)),
    companion: await reason(() => companion(token, asMaker)),
    data: made.data,
    backup: backup(report),
  }
  // What refuses a root or a transport key says so itself.
  const able = roles.root === null && roles.transport === null
  return { roles, lacks, serves: able ? await reason(() => serving(token)) : null }
}
