import { type Ability, inability, tokenProfiles } from '@lux/ceremony/plan'
import { canonicalString, encodeCanonical, sha256Hex } from '@lux/crypto'
import {
  HsmError,
  type Inventory,
  profileOf,
  type Token,
  type TokenAbility,
  type TokenInfo,
  type TokenRole,
  tryRoles,
} from '@lux/hsm'

/** What a person asks a token for. */
const doctorRoles = ['root', 'ceremony', 'backup', 'server', 'officer', 'companion'] as const
type DoctorRole = (typeof doctorRoles)[number]

type DoctorFinding = {
  readonly role: DoctorRole
  /** `unproved`: nothing speaks against it, and no key was made to see. */
  readonly able: 'yes' | 'no' | 'unproved'
  readonly why: string | null
}

export type Examination = {
  readonly v: 1
  readonly kind: 'token-examination'
  readonly token: Pick<
    TokenInfo,
    'serial' | 'label' | 'manufacturer' | 'model' | 'firmware' | 'hardware' | 'profile'
  >
  /** SHA-256 of the library. */
  readonly library: string
  /** Keys were made, used and destroyed; else why none was. */
  readonly tried: true | string
  readonly findings: readonly DoctorFinding[]
  /** What would help: of the token's state, or of its role. */
  readonly helps: readonly string[]
  /** SHA-256 of what was on the token before and after; null where nobody logged in. */
  readonly inventory: { readonly before: string; readonly after: string } | null
}

type Scratch = { readonly pins: Parameters<typeof tryRoles>[2] }

type Needs = { asks: readonly Ability[]; lists: readonly TokenAbility[]; tried: readonly TokenRole[] }

const ofRoot: Needs = { asks: ['keyWrapping'], lists: ['aes-generate', 'aes-wrap'], tried: ['root', 'data'] }
const ofPair: Needs = { asks: [], lists: ['ec-generate', 'ecdsa-sign'], tried: [] }

/** What planning asks of a profile for the role, what the token has to list, and the keys that show it. */
const needs: Record<DoctorRole, Needs> = {
  root: ofRoot,
  ceremony: {
    asks: ['sealing'],
    lists: ['aes-generate', 'aes-gcm', ...ofPair.lists],
    tried: ['ceremony'],
  },
  backup: {
    asks: [...ofRoot.asks, 'trustedWindow'],
    lists: [...ofRoot.lists, 'rsa-oaep-wrap'],
    tried: ['root', 'backup'],
  },
  server: {
    asks: ofRoot.asks,
    lists: [...ofRoot.lists, 'rsa-generate', 'rsa-oaep-wrap'],
    tried: ['root', 'transport', 'data'],
  },
  officer: { ...ofPair, tried: ['officer'] },
  companion: { ...ofPair, tried: ['companion'] },
}

/** Why the token cannot be that by its profile, as planning has it, or by its own list. */
function byReading({ profile, abilities }: TokenInfo, { asks, lists }: Needs): string | null {
  const planned = tokenProfiles.find((known) => known === profile)
  const unable = planned === undefined ? null : inability({ profile: planned }, asks)
  if (unable !== null) return unable
  const missing = lists.filter((one) => !abilities.includes(one))
  return missing.length === 0 ? null : `it does not list ${missing.join(', ')}`
}

function read(info: TokenInfo): DoctorFinding[] {
  return doctorRoles.map((role) => {
    const why = byReading(info, needs[role])
    return { role, able: why === null ? 'unproved' : 'no', why }
  })
}

const identifierDigits = 32

/** An identifier that is shorter than ours may name a key's place, where another key would be written over it. */
function whyUntried({ objects, damaged }: Inventory): string | null {
  if (damaged.length > 0) return 'some of its objects cannot be read'
  const short = objects.find(({ id }) => id.length > 0 && id.length < identifierDigits)
  return short === undefined
    ? null
    : `a key on it has the identifier ${short.id}, which may be its place: no key is made beside it`
}

function helpsOf(info: TokenInfo, isSoGiven: boolean): string[] {
  const { makesKeys, initialise, replication } = profileOf(info.manufacturer, info.model)
  return [
    ...(info.initialised ? [] : [`it was never initialised: ${initialise.how}`]),
    ...(info.writeProtected ? ['it is write-protected: lift that'] : []),
    ...(info.initialised && info.pin.user !== 'ok' ? [`the user PIN is ${info.pin.user}`] : []),
    ...(replication === 'vendor-clone' || replication === 'vendor-wrap'
      ? [`a key reaches another token of the kind by ${replication}`]
      : []),
    ...(makesKeys === 'so' && !isSoGiven ? ['its security officer makes keys: give that PIN too'] : []),
  ]
}

const contents = ({ objects, damaged }: Inventory): string =>
  sha256Hex(
    encodeCanonical({
      objects: objects.map((one) => canonicalString(one)).toSorted(),
      damaged: damaged.map((one) => canonicalString(one)),
    }),
  )

/**
 * Says what a token can be. It only reads, unless `scratch`: somebody declares that nothing on the token is needed, and the user is logged
 * in. Then each role is tried on keys that are destroyed again, and what is on the token is compared by content.
 */
export async function examineToken(
  token: Token,
  library: string,
  scratch: Scratch | null,
): Promise<Examination> {
  const info = await token.info()
  const { serial, label, manufacturer, model, firmware, hardware, profile } = info
  const base = {
    v: 1,
    kind: 'token-examination',
    token: { serial, label, manufacturer, model, firmware, hardware, profile },
    library,
    helps: helpsOf(info, scratch !== null && scratch.pins !== null),
  } as const
  const asRead = read(info)
  if (scratch === null)
    return { ...base, tried: 'the token was not declared as scratch', findings: asRead, inventory: null }
  const first = await token.inventory()
  const before = contents(first)
  const untried = whyUntried(first)
  if (untried !== null)
    return { ...base, tried: untried, findings: asRead, inventory: { before, after: before } }
  const findings = await asTried(token, asRead, scratch)
  return { ...base, tried: true, findings, inventory: { before, after: contents(await token.inventory()) } }
}

async function asTried(
  token: Token,
  asRead: readonly DoctorFinding[],
  { pins }: Scratch,
): Promise<DoctorFinding[]> {
  try {
    const { roles } = await tryRoles(token, await token.probe(), pins)
    return asRead.map((one): DoctorFinding => {
      // What planning refuses, no key shows to be able.
      if (one.able === 'no') return one
      const { role } = one
      const why = needs[role].tried.map((one) => roles[one]).find((one) => one !== null) ?? null
      return { role, able: why === null ? 'yes' : 'no', why }
    })
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    return asRead.map((one) => (one.able === 'no' ? one : { ...one, why: error.message }))
  }
}
