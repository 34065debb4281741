import type { OaepHash } from '../device.ts'

/** What a token type does differently, as data. The attack probe, not the profile, says whether a token is safe. */
export type Profile = {
  readonly id: string
  readonly name: string
  readonly manufacturer: RegExp
  readonly model: RegExp
  /** Mechanism numbers to try for KWP and KW; each is believed only after its known answer. */
  readonly wrapCandidates: readonly number[]
  /** The strongest OAEP hash that the token wraps keys with. */
  readonly oaepHash: OaepHash
  readonly unwrapTemplate: boolean
  readonly allowedMechanisms: boolean
  /** COPYABLE can be given when a key is made; some tokens refuse it in a copy. */
  readonly copyableInCopy: boolean
  readonly replication: 'trusted-window' | 'vendor-clone' | 'vendor-wrap' | 'none'
  /** Soft tokens protect nothing from whoever has the files and the PIN. */
  readonly soft: boolean
  readonly notes: readonly string[]
}
