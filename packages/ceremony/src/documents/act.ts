/** What a person's own device may be asked to sign, by its context name. */
export const requested = [
  'plan-approval',
  'policy',
  'opening',
  'checkpoint',
  'exception',
  'bundle',
  'decryption-approval',
  'approval-override',
] as const

/** A sentence for people: its name among the texts, its values, and the same in English. Raw text: whoever shows it makes it safe. */
export type ActSentence = {
  readonly name: string
  readonly values: Readonly<Record<string, string | number>>
  readonly text: string
}

/** A line beside the sentences. `print`: a digest, a key or a recipient, which nobody reads. */
export type ActLine = {
  readonly whose: 'proved' | 'unchecked' | 'claimed'
  readonly name: string
  readonly value: string
  readonly told?: ActSentence
  readonly print?: true
}

/** Against what stood before. Absent: as before, or there is nothing to compare with. */
export type Mark = 'new' | 'changed' | 'gone'

/** A sentence about the world after the signature. `was`: the sentence before, where it changed. */
export type ActChange = {
  readonly about: 'key' | 'place' | 'share' | 'people' | 'rule' | 'lost'
  readonly told: ActSentence
  readonly mark?: Mark
  readonly was?: ActSentence
}

type ActPerson = { readonly name: string; readonly roles: readonly string[]; readonly mark?: Mark }

/** Where keys are: a token by its label or role, or as many servers, bundles or people as `count` says. */
type ActPlace = {
  readonly kind: 'token' | 'servers' | 'bundle' | 'people'
  readonly name: string
  readonly count: number
}

type ActKey = {
  readonly name: string
  /** 0 for a root and for a threshold key. */
  readonly depth: number
  /** How it is at each place, in their order: usable there, only wrapped, or one share each. */
  readonly at: readonly ('lives' | 'wrapped' | 'share' | null)[]
  readonly mark?: Mark
}

/** `serial`: null for a token that the ceremony prepares, and for a server. `was`: the serial before, where it changed. */
type ActDevice = {
  readonly kind: 'token' | 'server'
  readonly name: string
  readonly serial: string | null
  readonly make: string
  readonly mark?: Mark
  readonly was?: string
}

/** An act that a signature allows, described for people: what changes in the world, what is only claimed, and what only machines read. */
export type DescribedAct = {
  readonly changes: readonly ActChange[]
  readonly people: readonly ActPerson[]
  readonly keys: { readonly places: readonly ActPlace[]; readonly rows: readonly ActKey[] } | null
  readonly devices: readonly ActDevice[]
  /** Beyond the claims in the signed bytes. */
  readonly claims: readonly ActLine[]
  readonly prints: readonly ActLine[]
  /** What the marks compare it with. Null where this kind of act follows nothing. */
  readonly since: ActSentence | null
}

/** What a signature is asked for, told from the very bytes to be signed, as screens show it. `digest`: the one that its words are of. */
export type ShownAct = {
  readonly what: (typeof requested)[number]
  readonly act: DescribedAct
  readonly facts: readonly ActLine[]
  readonly digest: string
  readonly words: readonly string[]
  /** For a checkpoint: the lines of each entry since this device cosigned last. Else empty. */
  readonly fresh: readonly (readonly string[])[]
  /** Remarks of the workstation, which nobody signs. */
  readonly claims: readonly string[]
  /** The whole document as plain text, for whoever wants every entry of it. */
  readonly text: readonly string[]
}
