import type { Card, DescribedAct, PhoneLog } from '@lux/ceremony/wire'
import type { EpochAct, Line, Shown, Told } from '@lux/people'

/** A refusal, as the screen gets it. `rule`: a key of resources/locales. */
export type No = {
  readonly ok: false
  readonly rule: string
  readonly detail: string
  readonly file?: string
}
export type Answer<T> = { readonly ok: true; readonly value: T } | No

export type Domain = Card['domain']

/** The kinds of people whose key a phone may hold. A holder receives shares, the others sign. */
export const kinds = ['holder', 'officer', 'witness', 'approver'] as const

export type Kind = (typeof kinds)[number]

export type Person = {
  readonly name: string
  readonly kind: Card['kind']
  readonly domain: Domain
  readonly digest: string
  readonly words: readonly string[]
}

export type PolicySummary = {
  readonly digest: string
  readonly words: readonly string[]
  readonly organisation: string
  readonly domain: Domain
  readonly version: number
  readonly expiry: string
  readonly lines: readonly Told[]
}

export type ShareSummary = {
  readonly id: string
  readonly keyId: string
  readonly epoch: number
  readonly holder: number
  readonly t: number
  readonly n: number
  readonly organisation: string
  readonly domain: Domain
  readonly live: boolean
  /** Its holder approved the next epoch, so it decrypts nothing more. */
  readonly leaving: boolean
  /** The digest of the card for its next epoch. Null where there is none yet. */
  readonly renewed: string | null
  /** How many blocks of 64 and 128 bits it may still answer. */
  readonly left: { readonly at64: number; readonly at128: number }
}

/** `about`: its subject, in the words of the signed bytes. */
export type LogEntry = PhoneLog['entries'][number]

export type Overview = {
  readonly person: Person
  readonly policies: readonly PolicySummary[]
  readonly shares: readonly ShareSummary[]
  /** The next to expire first. */
  readonly open: readonly OpenRequest[]
  /** Newest first. */
  readonly log: readonly LogEntry[]
  /** False where the browser may delete this app's storage. */
  readonly kept: boolean
  /** When a sheet with all keys of this phone was scanned back last. Null where none was. */
  readonly sheet: string | null
  /** The key came from a sheet, so nobody knows what its shares answered before. */
  readonly restored: boolean
  /** Some record here, such as a share, no longer opens. */
  readonly damaged: boolean
  /** The passkey that opens this phone beside its passphrase; null where there is none. */
  readonly passkey: PasskeyHint | null
}

/** A request that was read on this phone and is not decided yet. Who asks, and for what, is only claimed. */
export type OpenRequest = {
  /** Digest of its bytes, hex. */
  readonly id: string
  /** `request`: it asks for a holder's answer. `sign`: it asks for an approver's signature. */
  readonly kind: 'request' | 'sign'
  readonly what: string
  readonly by: string
  /** ISO-8601 UTC. */
  readonly expires: string
}

/** Which passkey to ask, and the salt for it. Neither is secret. */
export type PasskeyHint = { readonly credential: Uint8Array; readonly salt: Uint8Array }

export type State =
  | { readonly phase: 'new' }
  | { readonly phase: 'locked'; readonly passkey: PasskeyHint | null }
  | { readonly phase: 'open'; readonly overview: Overview }

/** A request that was read and checked, and is not answered yet. */
export type Prepared = {
  readonly share: ShareSummary
  readonly digest: string
  readonly words: readonly string[]
  /** What changes with an answer. */
  readonly described: DescribedAct
  readonly lines: readonly Line[]
  readonly expires: string
  readonly requester: string
  readonly what: string
  readonly spends: number
  /** Blocks of the request's width that are left after the answer. */
  readonly left: number
  /** How well the answer hides the share. */
  readonly noiseLines: readonly Told[]
  /** True: the answer hides the share less than the policy's floor. Only a rehearsal answers then. */
  readonly belowFloor: boolean
  /** False where this browser may delete its storage, and the request is for real keys. */
  readonly mayApprove: boolean
  /** Whether it is also on this phone's list. False where there was no room. */
  readonly listed: boolean
}

/** What a signature is asked for, told from the very bytes to be signed. */
export type Asked = Shown & {
  /**
   * The policy that it names, as this phone took it. `newest`: a later version that this phone took. `none`: it names a policy that this
   * phone does not have. Null: it names none.
   */
  readonly under:
    | { readonly organisation: string; readonly version: number; readonly newest: number | null }
    | 'none'
    | null
  /** False where this browser may delete its storage, and the signature is for real keys. */
  readonly maySign: boolean
  /** Whether it is also on this phone's list. Null where it never goes on it. */
  readonly listed: boolean | null
}

export type { EpochAct }

/** What a run asks for, told from signed bytes, before it is done. */
export type EpochAsked = {
  readonly act: EpochAct
  readonly described: DescribedAct
  readonly digest: string
  readonly words: readonly string[]
  /** Whether the act wipes the share of the old epoch. */
  readonly wipes: boolean
  /** False where this browser may delete its storage, and the act is for real keys. */
  readonly mayDo: boolean
}

/** A request that this phone decided before, with the files of then. The same answer can be handed over again. */
export type Decided = { readonly decided: 'approved' | 'refused'; readonly files: Files }

/** A file that leaves the phone. */
export type Handover = { readonly name: string; readonly bytes: Uint8Array }

export type Files = readonly Handover[]

/** What the screens ask of the device's worker. All secrets stay in the worker. */
export type Device = {
  state(): Promise<State>
  enrol(asked: { name: string; kind: Kind; domain: Domain; passphrase: string }): Promise<Answer<Overview>>
  unlock(passphrase: string): Promise<Answer<Overview>>
  /**
   * `secret`: what the passkey's PRF gave. A passkey may lie in a cloud, so each answer or signature then asks for the passphrase first.
   */
  unlockByPasskey(secret: Uint8Array): Promise<Answer<Overview>>
  /** On a phone that a passkey opened: allows the one act that asked for the passphrase. */
  confirm(passphrase: string): Promise<Answer<null>>
  /** From then on either the passkey or the passphrase opens the phone. */
  addPasskey(asked: PasskeyHint & { secret: Uint8Array; passphrase: string }): Promise<Answer<Overview>>
  removePasskey(passphrase: string): Promise<Answer<Overview>>
  card(): Promise<Answer<Handover>>
  readPolicy(file: Handover): Promise<Answer<PolicySummary>>
  takePolicy(file: Handover): Promise<Answer<Overview>>
  /** `proof` is null for a real share that this browser may delete: it waits for a backup sheet. */
  receive(files: Files): Promise<Answer<{ share: ShareSummary; proof: Handover | null; overview: Overview }>>
  prove(share: string): Promise<Answer<Handover>>
  /** Checks a request and puts it on the list until it is decided or expires. */
  prepare(files: Files): Promise<Answer<Prepared | Decided>>
  /** The files of a request on the list, as they were read. */
  readAgain(request: string): Promise<Answer<Files>>
  /** Takes a request off the list, undecided. Nobody is told, and it can be read again. */
  dismiss(request: string): Promise<Answer<Overview>>
  /** Answers the request that was prepared last. */
  approve(): Promise<Answer<{ files: Files; overview: Overview }>>
  refuse(asked: { files: Files; reason: string }): Promise<Answer<{ files: Files; overview: Overview }>>
  /** Reads what an officer, a witness or an approver is asked to sign. A witness's phone compares it with what it cosigned last. */
  readSigning(file: Handover): Promise<Answer<Asked>>
  /** Signs what was read last. A witness's phone records what it cosigned before the signature leaves. */
  sign(): Promise<Answer<{ file: Handover; overview: Overview }>>
  /** The person declines to sign what was read last: the phone's log says so, and nobody is told. */
  signNot(): Promise<Answer<Overview>>
  /** Makes the envelope key of a share's next epoch, and its card. A card that was made before and is still unused is given again. */
  renew(
    share: string,
  ): Promise<Answer<{ file: Handover; digest: string; words: readonly string[]; overview: Overview }>>
  /** Reads the files of a run that moves a key, an announcement that its epoch is live, or a request for a heartbeat. */
  readEpoch(files: Files): Promise<Answer<EpochAsked>>
  /** Does what was read last, after checking it again. */
  takeEpoch(): Promise<Answer<{ act: EpochAct; files: Files; overview: Overview }>>
  /** What was done on this phone, as a file that this person signs. */
  saveLog(): Promise<Answer<Handover>>
  /** A backup sheet of this phone's keys, and its words, which are shown only this once. Needs the passphrase again. */
  makeSheet(passphrase: string): Promise<Answer<{ sheet: Uint8Array; words: readonly string[] }>>
  /** Records that a sheet opens with these words and has all keys of this phone. */
  checkSheet(asked: { sheet: Uint8Array; words: string }): Promise<Answer<Overview>>
  /** Sets up a new phone with the keys of a sheet. Its shares are received anew, and answer nothing. */
  restore(asked: { sheet: Uint8Array; words: string; passphrase: string }): Promise<Answer<Overview>>
  wipe(): Promise<Answer<null>>
}

export type Call = { readonly id: number; readonly name: keyof Device; readonly args: readonly unknown[] }
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failed: string }
  /** Progress of a call that is not answered yet, in blocks. */
  | { readonly id: number; readonly done: number; readonly of: number }
