import {
  type Evidence,
  evidenceOf,
  type ProbeReport,
  type Profile,
  profileOf,
  type TokenInfo,
} from '@lux/hsm'
import { escapeForTerminal } from '../shell/safe-text.ts'
import { pinText } from './session.ts'

const abilityWords: Record<TokenInfo['abilities'][number], string> = {
  'aes-generate': 'makes AES keys',
  'aes-wrap': 'wraps keys with AES keys (KW or KWP by its list; only the probe proves it)',
  'aes-gcm': 'encrypts by AES-GCM',
  'aes-cbc': 'encrypts by AES-CBC',
  'rsa-oaep-wrap': 'wraps keys by RSA-OAEP',
  'rsa-aes-wrap': 'wraps keys by RSA and AES together',
  'rsa-generate': 'makes RSA pairs',
  'rsa-sign': 'signs by RSA',
  'rsa-pss-sign': 'signs by RSA-PSS',
  'ec-generate': 'makes elliptic-curve pairs',
  'ecdsa-sign': 'signs by ECDSA',
  'ecdh-derive': 'agrees on keys by ECDH',
  'ed25519-generate': 'makes Ed25519 pairs',
  'eddsa-sign': 'signs by EdDSA',
  'secret-generate': 'makes secret keys',
  hmac: 'authenticates by HMAC',
  random: 'draws random bytes',
}

const levelWords: Record<Evidence['level'], string> = {
  E0: 'its keys’ attributes can be read back',
  E1: 'attributes read back, and the attack probe passed',
  E2: 'an attested companion key vouches for what was read back',
  E3: 'the vendor attests the key itself',
}

const reasonWords: Record<Evidence['reasons'][number]['code'], string> = {
  'attributes-read': 'attributes as asked for',
  'attributes-lacking': 'every attribute taken',
  'probe-passed': 'attack probe passed',
  'profile-known': 'a profile knows it',
  'profile-hardware': 'hardware that this profile was run on',
  'companion-signed': 'a companion key signed',
  'companion-attested': 'the companion is attested',
  'key-attested': 'the key is attested',
}

export const profileOfToken = (token: TokenInfo): Profile => profileOf(token.manufacturer, token.model)

/** For programs: what the profile adds to what the token says of itself. */
export function profileJson({
  id,
  name,
  verifiedOn,
  soft,
  pin,
  initialise,
  replication,
  replicationBy,
  attestation,
  sources,
  notes,
}: Profile) {
  return {
    id,
    name,
    verifiedOn,
    soft,
    pin: pin.form,
    initialise: initialise.how,
    replication,
    replicationBy,
    attestation: attestation.how,
    sources,
    notes,
  }
}

/** What may be said of keys on this token, at most, as things stand. */
export const tokenEvidence = (token: TokenInfo, probe: ProbeReport | null): Evidence =>
  evidenceOf({ attributes: null, probe, profile: profileOfToken(token) })

export function evidenceLines({ level, reasons }: Evidence): string[] {
  return [
    `evidence      ${level}: ${levelWords[level]}`,
    ...reasons.map(
      ({ code, holds, detail }) =>
        `  ${holds ? 'yes' : 'no '} ${reasonWords[code]}: ${escapeForTerminal(detail)}`,
    ),
  ]
}

/** Of a kind that no profile knows there are no documents that anything is said from. */
function runOn({ verifiedOn, sources }: Profile): string {
  if (verifiedOn !== null) return `run on ${verifiedOn}`
  return sources.length === 0
    ? 'no profile knows it, only what the probe proves is relied on'
    : 'NOT RUN ON HARDWARE, from its documents only'
}

const standing = (profile: Profile): string =>
  `${profile.name}; ${runOn(profile)}${profile.soft ? '; a soft token protects nothing from who has its files' : ''}`

/** A maximum of 0 is none. */
function pinLengths({ minPinLength: least, maxPinLength: most }: TokenInfo): string {
  return most === 0 ? `${least} characters or more` : `${least} to ${most} characters`
}

export function tokenLines(token: TokenInfo): string[] {
  const profile = profileOfToken(token)
  return [
    `serial        ${escapeForTerminal(token.serial) || '(none yet)'}`,
    `label         ${escapeForTerminal(token.label)}`,
    `maker, model  ${escapeForTerminal(token.manufacturer)}, ${escapeForTerminal(token.model)}`,
    `versions      firmware ${token.firmware}, hardware ${token.hardware}`,
    `profile       ${token.profile}: ${standing(profile)}`,
    `user PIN      ${pinText(token.pin.user)} (${pinLengths(token)})`,
    `SO PIN        ${pinText(token.pin.so)}`,
    ...(profile.pin.showsState
      ? []
      : ['              (this kind of token does not show how near a PIN is to its lock)']),
    `PINs are      ${profile.pin.form}${token.pinPad ? '; entered at the token’s own pad' : ''}`,
    `protected     ${token.writeProtected ? 'write-protected' : 'writable'}, ${token.loginRequired ? 'login required' : 'NO LOGIN REQUIRED'}`,
    ...token.abilities.map(
      (ability, i) => `${i === 0 ? 'by its list   ' : '              '}${abilityWords[ability]}`,
    ),
    `to others     ${profile.replication}: ${profile.replicationBy}`,
    `attestation   ${profile.attestation.how}`,
    ...profile.notes.map((note, i) => `${i === 0 ? 'note          ' : '              '}${note}`),
  ]
}
