import type { Domain } from '../documents/format/fields.ts'
import type { PlannedToken, Replication, TokenProfile, VendorWay } from './plan.ts'

/** What a token of a profile can do, as far as a plan depends on it. */
export type ProfileAbilities = {
  /** A program: it protects nothing from whoever has its files and the PIN. */
  soft: boolean
  /** The tool initialises it: a new label, SO PIN and user PIN. */
  initialise: boolean
  /** AES keys are made and wrap other keys inside it. */
  keyWrapping: boolean
  /** CKA_TRUSTED, WRAP_WITH_TRUSTED and UNWRAP_TEMPLATE are enforced: the root may go to another token. */
  trustedWindow: boolean
  /** It passes the probe, and seals the second half of the ceremony key by AES-GCM. */
  sealing: boolean
  /** The best way by which a key that may never leave in the clear comes into another token of the kind. */
  replication: Replication
}

/**
 * The same words as the token driver's profiles, which say why and from where; a test of the desktop holds the two
 * together. softhsm, opencryptoki and swtpm: as seen. The others: their vendors' documents, not run on hardware. The probe of
 * the run has the last word.
 */
const abilities: Record<TokenProfile, ProfileAbilities> = {
  softhsm: {
    soft: true,
    initialise: true,
    keyWrapping: true,
    trustedWindow: true,
    sealing: true,
    replication: 'trusted-window',
  },
  opencryptoki: {
    soft: true,
    initialise: true,
    keyWrapping: false,
    trustedWindow: false,
    sealing: true,
    replication: 'none',
  },
  tpm2: {
    soft: false,
    initialise: true,
    keyWrapping: false,
    trustedWindow: false,
    sealing: false,
    replication: 'none',
  },
  swtpm: {
    soft: true,
    initialise: true,
    keyWrapping: false,
    trustedWindow: false,
    sealing: false,
    replication: 'none',
  },
  yubihsm: {
    soft: false,
    initialise: false,
    keyWrapping: false,
    trustedWindow: false,
    sealing: false,
    replication: 'vendor-wrap',
  },
  luna: {
    soft: false,
    initialise: true,
    keyWrapping: true,
    trustedWindow: false,
    sealing: true,
    replication: 'vendor-clone',
  },
  nshield: {
    soft: false,
    initialise: false,
    keyWrapping: true,
    trustedWindow: false,
    sealing: true,
    replication: 'vendor-clone',
  },
  cloudhsm: {
    soft: false,
    initialise: false,
    keyWrapping: false,
    trustedWindow: false,
    sealing: false,
    replication: 'vendor-clone',
  },
  'smartcard-hsm': {
    soft: false,
    initialise: false,
    keyWrapping: false,
    trustedWindow: false,
    sealing: false,
    replication: 'vendor-wrap',
  },
}

/** Every vendor's profile that a plan may name. */
// Object.keys of a record gives exactly its keys.
export const tokenProfiles: readonly TokenProfile[] = Object.keys(abilities) as TokenProfile[]

export function abilitiesOf(profile: TokenProfile): ProfileAbilities {
  return abilities[profile]
}

/** Whether the policy's `softTokens` is asked for a token. A profile that nobody knows counts as a program. */
export function isSoft(profile: string): boolean {
  return abilities[tokenProfiles.find((known) => known === profile) ?? 'softhsm'].soft
}

/**
 * Whether a vendor's attestation of one format may speak for a token of a profile. A program can stand in for any token, in a
 * rehearsal and where the policy allows software tokens, and nowhere else.
 */
export function vouches(format: string, profile: string, terms: { soft: boolean; domain: Domain }): boolean {
  return format === profile || (terms.soft && (terms.domain === 'rehearsal' || isSoft(profile)))
}

type Token = Pick<PlannedToken, 'profile' | 'needs'>

/** Of a measured token exactly what the plan asks of it; whether it is a program its policy says, so here it is one. */
function canOf({ profile, needs = [] }: Token): ProfileAbilities {
  if (profile !== 'measured') return abilities[profile]
  const trustedWindow = needs.includes('trusted-window')
  return {
    soft: true,
    initialise: needs.includes('initialise'),
    keyWrapping: needs.includes('kwp') && needs.includes('unwrap-template'),
    trustedWindow,
    sealing: needs.includes('gcm'),
    replication: trustedWindow ? 'trusted-window' : 'none',
  }
}

/** Why the root cannot come from one token into the other by the vendor's way, or null. Of measured tokens the plan says which way they have. */
export function unreplicable(from: Token, to: Token, way: VendorWay): string | null {
  for (const token of [from, to])
    if (token.profile !== 'measured' && canOf(token).replication !== way)
      return `${token.profile} has no ${way}; its way is ${canOf(token).replication}`
  return from.profile === to.profile ? null : `${from.profile} and ${to.profile} are of different vendors`
}

/** Why a token cannot take the root from a window as a spare, or null: it must hold what it unwraps as closed as at home. */
export function unfitAsSpare(token: Token): string | null {
  const can = canOf(token)
  if (token.profile === 'measured')
    return can.keyWrapping ? null : 'the measured token is not asked for kwp and unwrap-template'
  return can.trustedWindow ? null : `${token.profile} does not enforce what the root demands of its keys`
}

/** What a token can do or not. */
export type Ability = Exclude<keyof ProfileAbilities, 'soft' | 'replication'>

/** By ability: what a measured token is asked for, and what any other lacks. */
const wants: Record<Ability, { needs: string; vendor: string }> = {
  initialise: { needs: 'initialise', vendor: "is initialised with its vendor's own tool" },
  keyWrapping: {
    needs: 'kwp and unwrap-template',
    vendor: 'makes no AES key that wraps others by KW or KWP',
  },
  sealing: {
    needs: 'gcm',
    vendor: 'has no AES-GCM, so it cannot seal the second half of a ceremony key',
  },
  trustedWindow: {
    needs: 'trusted-window',
    vendor: 'does not enforce trusted wrapping keys, so the root cannot leave it safely',
  },
}

/** What is known of a kind beside that: the role of the key, and the attribute or call that it lacks for it. */
const known: Partial<Record<TokenProfile, Partial<Record<Ability, string>>>> = {
  yubihsm: {
    keyWrapping:
      'makes no root: a root needs UNWRAP_TEMPLATE and ALLOWED_MECHANISMS, which it does not take, and it wraps by AES-CCM only',
    sealing: 'makes no ceremony key: it has no AES-GCM to seal the second half of one',
  },
  'smartcard-hsm': {
    keyWrapping: 'makes no root: it makes no AES key through PKCS #11 (C_GenerateKey), and wraps none',
    sealing: 'makes no ceremony key: it has no AES-GCM to seal the second half of one',
  },
  cloudhsm: {
    keyWrapping:
      'makes no root: a root needs ALLOWED_MECHANISMS, which it does not take, so that its keys wrap by several mechanisms',
    sealing:
      'makes no ceremony key: the probe before it attacks a root, which needs ALLOWED_MECHANISMS, and it does not take that',
  },
}

/** What a token cannot do by its profile of what it is asked for, the first; `own`: a reason is known of this kind alone. Null: it can. */
export function lackingOf(
  token: Token,
  asked: readonly Ability[],
): { readonly ability: Ability; readonly own: boolean } | null {
  const can = canOf(token)
  const ability = asked.find((one) => !can[one])
  if (ability === undefined) return null
  const { profile } = token
  return { ability, own: profile !== 'measured' && known[profile]?.[ability] !== undefined }
}

/** Why a token cannot do by its profile what it is asked for, or null. */
export function inability(token: Token, asked: readonly Ability[]): string | null {
  const { profile } = token
  const lacking = lackingOf(token, asked)
  if (lacking === null) return null
  const { needs, vendor } = wants[lacking.ability]
  if (profile === 'measured') return `the measured token is not asked for ${needs}`
  return `${profile} ${known[profile]?.[lacking.ability] ?? vendor}`
}
