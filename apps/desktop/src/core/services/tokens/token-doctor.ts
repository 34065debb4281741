import { type Ability, inability, lackingOf, tokenProfiles } from '@lux/ceremony/plan'
import { type ExaminedRole, examinedRoles, type TokenExamination } from '@lux/ceremony/wire'
import { canonicalString, encodeCanonical, sha256Hex } from '@lux/crypto'
import { withoutHidden } from '@lux/crypto/text'
import {
  HsmError,
  type Inventory,
  profileOf,
  type Said,
  type SayingId,
  said,
  sayings,
  type Token,
  type TokenAbility,
  type TokenInfo,
  type TokenRole,
  tryRoles,
} from '@lux/hsm'

type Finding = TokenExamination['findings'][number]

type Scratch = { readonly pins: Parameters<typeof tryRoles>[2] }

type Needs = { asks: readonly Ability[]; lists: readonly TokenAbility[]; tried: readonly TokenRole[] }

const ofRoot: Needs = { asks: ['keyWrapping'], lists: ['aes-generate', 'aes-wrap'], tried: ['root', 'data'] }
const ofPair: Needs = { asks: [], lists: ['ec-generate', 'ecdsa-sign'], tried: [] }

/** What planning asks of a profile for the role, what the token has to list, and the keys that show it. */
const needs: Record<ExaminedRole, Needs> = {
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

/** Why a token of this profile cannot be that, as planning says it. */
export function unable(profile: (typeof tokenProfiles)[number], asks: readonly Ability[]): Said | null {
  const lacking = lackingOf({ profile }, asks)
  if (lacking === null) return null
  const id = `unable-${lacking.own ? `${profile}-` : ''}${lacking.ability}`
  return isSaying(id)
    ? said(id, { profile })
    : said('answered', { answer: inability({ profile }, asks) ?? id })
}

const isSaying = (id: string): id is SayingId => Object.hasOwn(sayings, id)

/** Why the token cannot be that by its profile, as planning has it, or by its own list. */
function byReading({ profile, abilities }: TokenInfo, { asks, lists }: Needs): Said | null {
  const planned = tokenProfiles.find((known) => known === profile)
  const why = planned === undefined ? null : unable(planned, asks)
  if (why !== null) return why
  const missing = lists.filter((one) => !abilities.includes(one))
  return missing.length === 0 ? null : said('unlisted', { abilities: missing.join(', ') })
}

function read(info: TokenInfo): Finding[] {
  return examinedRoles.map((role) => {
    const why = byReading(info, needs[role])
    return { role, able: why === null ? 'unproved' : 'no', why: plain(why === null ? [] : [why]) }
  })
}

const identifierDigits = 32

/** An identifier that is shorter than ours may name a key's place, where another key would be written over it. */
function whyUntried({ objects, damaged }: Inventory): Said | null {
  if (damaged.length > 0) return said('untried-damaged')
  const short = objects.find(({ id }) => id.length > 0 && id.length < identifierDigits)
  return short === undefined ? null : said('untried-short', { id: short.id })
}

function helpsOf(info: TokenInfo, isSoGiven: boolean): Said[] {
  const { makesKeys, initialise, replication } = profileOf(info.manufacturer, info.model)
  return [
    ...(info.initialised ? [] : [said('help-initialise', { how: initialise.how })]),
    ...(info.writeProtected ? [said('help-protected')] : []),
    ...(info.initialised && info.pin.user !== 'ok' ? [said('help-pin', { state: info.pin.user })] : []),
    ...(replication === 'vendor-clone' || replication === 'vendor-wrap'
      ? [said('help-replication', { way: replication })]
      : []),
    ...(makesKeys === 'so' && !isSoGiven ? [said('help-so')] : []),
  ]
}

const mostText = 2000

/** A token's own words, without what a document may not hold. */
const plainText = (text: string): string =>
  withoutHidden(text, () => '\uFFFD')
    .slice(0, mostText)
    .toWellFormed()

const plain = (all: readonly Said[]): TokenExamination['helps'] =>
  all.map(({ id, values }) => ({
    id,
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plainText(value)])),
  }))

const contents = ({ objects, damaged }: Inventory): string =>
  sha256Hex(
    encodeCanonical({
      objects: objects.map((one) => canonicalString(one)).toSorted(),
      damaged: damaged.map((one) => canonicalString(one)),
    }),
  )

/**
 * Says what a token can be. It only reads, unless `scratch`: somebody declares that nothing on the token is needed, and the user is logged
 * in. Then each role is tried on keys that are destroyed again, and what is on the token is compared by content. Nobody has signed it yet.
 */
export async function examineToken(
  token: Token,
  { library, made }: { readonly library: string; readonly made: string },
  scratch: Scratch | null,
): Promise<TokenExamination> {
  const info = await token.info()
  const { serial, label, manufacturer, model, firmware, hardware, profile } = info
  const asRead = read(info)
  const found = await lookAt(token, asRead, scratch)
  return {
    v: 1,
    kind: 'token-examination',
    made,
    by: null,
    token: {
      serial: plainText(serial),
      label: plainText(label),
      manufacturer: plainText(manufacturer),
      model: plainText(model),
      firmware: plainText(firmware),
      hardware: plainText(hardware),
      profile,
    },
    library,
    helps: plain(helpsOf(info, scratch !== null && scratch.pins !== null)),
    ...found,
  }
}

async function lookAt(
  token: Token,
  asRead: readonly Finding[],
  scratch: Scratch | null,
): Promise<Pick<TokenExamination, 'tried' | 'findings' | 'inventory'>> {
  if (scratch === null)
    return { tried: { id: 'untried-scratch', values: {} }, findings: [...asRead], inventory: null }
  const first = await token.inventory()
  const before = contents(first)
  const untried = whyUntried(first)
  if (untried !== null)
    return {
      tried: { ...untried, values: { ...untried.values } },
      findings: [...asRead],
      inventory: { before, after: before },
    }
  const findings = await asTried(token, asRead, scratch)
  const after = contents(await token.inventory())
  return { tried: { id: 'tried-keys', values: {} }, findings, inventory: { before, after } }
}

async function asTried(token: Token, asRead: readonly Finding[], { pins }: Scratch): Promise<Finding[]> {
  try {
    const { roles, serves } = await tryRoles(token, await token.probe(), pins)
    return asRead.map((finding): Finding => {
      // What planning refuses, no key shows to be able.
      if (finding.able === 'no') return finding
      const { role } = finding
      const tried = [...needs[role].tried.map((name) => roles[name]), role === 'server' ? serves : null]
      const why = tried.find((reasons) => reasons !== null) ?? null
      return { role, able: why === null ? 'yes' : 'no', why: plain(why ?? []) }
    })
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    const why = plain([said('answered', { answer: error.message })])
    return asRead.map((finding) => (finding.able === 'no' ? finding : { ...finding, why }))
  }
}
