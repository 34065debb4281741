import type { KeyTemplate } from './device.ts'
import { profiles } from './profiles/profiles.ts'

/** A secret session key that may do nothing. Other templates add what theirs may do. */
export const closedTemplate: KeyTemplate = {
  token: false,
  sensitive: true,
  extractable: false,
  modifiable: false,
  copyable: false,
  wrap: false,
  unwrap: false,
  encrypt: false,
  decrypt: false,
  sign: false,
  verify: false,
  derive: false,
  wrapWithTrusted: false,
  allowedMechanisms: null,
  unwrapTemplate: null,
}

/** A root is an AES-256 key. */
export const rootBytes = 32

/** The hardened root KEK: a token object that can only wrap and unwrap, by one mechanism, and hands out no child in the clear. */
export const rootTemplate: KeyTemplate = {
  ...closedTemplate,
  token: true,
  wrap: true,
  unwrap: true,
  allowedMechanisms: ['wrap'],
  unwrapTemplate: 'child-kek',
}

/**
 * The root that a trusted window leaves on its source token, for reconciling. It was extractable once, towards trusted keys. It is copyable
 * where the token refuses COPYABLE in a copy, as SoftHSM does, whose copies cannot be weaker.
 */
export const windowRootTemplate = (profile: string): KeyTemplate => ({
  ...rootTemplate,
  wrapWithTrusted: true,
  copyable: !(profiles.find(({ id }) => id === profile)?.copyableInCopy ?? true),
})

/** An organisation or project KEK in use: a session object that wraps and unwraps. */
export const childKekTemplate: KeyTemplate = { ...closedTemplate, wrap: true, unwrap: true }

/** A P-256 or P-384 signing pair, e.g. the ceremony key, receipt key and requester key. */
export const signingTemplate: KeyTemplate = { ...closedTemplate, token: true, sign: true }

/** AES-GCM inside the token: seals small secrets such as the ceremony key's ML-DSA seed. `token: false` dies with the login. */
export const sealingTemplate: KeyTemplate = {
  ...closedTemplate,
  encrypt: true,
  decrypt: true,
  allowedMechanisms: ['gcm'],
}

/** HMAC-SHA-256 inside the token: rows of the server's database. */
export const hmacTemplate: KeyTemplate = {
  ...closedTemplate,
  token: true,
  sign: true,
  verify: true,
  allowedMechanisms: ['hmac-sha256'],
}
