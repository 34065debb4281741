import type { Card, PhoneLog, SignatureRequest } from '@lux/ceremony/wire'
import type { Line, Told } from '@lux/people'

/** An expected no, as it crosses to the screen: `rule` is a key of resources/locales. */
export type No = {
  readonly ok: false
  readonly rule: string
  readonly detail: string
  readonly file?: string
}
export type Answer<T> = { readonly ok: true; readonly value: T } | No

export type Domain = Card['domain']

/** Whose key a phone may hold: who receives shares, and who signs what a ceremony asks for. */
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
  /** Its holder approved that its epoch is left: it decrypts nothing more. */
  readonly leaving: boolean
  /** The card that was renewed for its next epoch, null where there is none yet. */
  readonly renewed: string | null
  /** Blocks of 64 and 128 bits that it may still answer. */
  readonly left: { readonly at64: number; readonly at128: number }
}

/** `about`: what it was about, in the words of the signed bytes. */
export type LogEntry = PhoneLog['entries'][number]

export type Overview = {
  readonly person: Person
  readonly policies: readonly PolicySummary[]
  readonly shares: readonly ShareSummary[]
  /** The next to expire first. */
  readonly open: readonly OpenRequest[]
  /** Newest first. */
  readonly log: readonly LogEntry[]
  /** False where the browser may throw away what this app keeps. */
  readonly kept: boolean
  /** When a sheet was scanned back last that has all keys of this phone; null where none has. */
  readonly sheet: string | null
  /** The key came from a sheet: what its shares answered before is known to nobody. */
  readonly restored: boolean
  /** A share that is kept here does not open any more. */
  readonly damaged: boolean
  /** The passkey that opens this phone beside its passphrase; null where there is none. */
  readonly passkey: PasskeyHint | null
}

/** A request to decrypt that was read on this phone and is not decided. Who asks, and for what, is only claimed. */
export type OpenRequest = {
  /** Of its bytes, hex. */
  readonly id: string
  /** `request`: a holder's answer is asked for; `sign`: an approver's signature. */
  readonly kind: 'request' | 'sign'
  readonly what: string
  readonly by: string
  /** ISO-8601 UTC. */
  readonly expires: string
}

/** Which passkey is asked, and over what. Neither is secret. */
export type PasskeyHint = { readonly credential: Uint8Array; readonly salt: Uint8Array }

export type State =
  | { readonly phase: 'new' }
  | { readonly phase: 'locked'; readonly passkey: PasskeyHint | null }
  | { readonly phase: 'open'; readonly overview: Overview }

/** A request as its bytes say it, checked, and not answered yet. */
export type Prepared = {
  readonly share: ShareSummary
  readonly digest: string
  readonly words: readonly string[]
  readonly lines: readonly Line[]
  readonly expires: string
  readonly requester: string
  readonly what: string
  readonly spends: number
  /** Blocks of the request's own width that are left after the answer. */
  readonly left: number
  /** How well the answer hides the share. */
  readonly noiseLines: readonly Told[]
  /** Below the floor only a rehearsal answers. */
  readonly belowFloor: boolean
  /** False where this browser may delete what it keeps, and the request is for real keys. */
  readonly mayApprove: boolean
  /** Whether it waits on this phone's list too; false where there was no room for it. */
  readonly listed: boolean
}

/** What a signature is asked of, told from the very bytes that are signed. */
export type Asked = {
  readonly what: SignatureRequest['what']
  readonly digest: string
  readonly words: readonly string[]
  readonly facts: readonly Line[]
  /** Of a policy: all that it says. */
  readonly policy: readonly Told[]
  /** Of a plan's approval: the whole plan, line by line, as it is printed. */
  readonly plan: readonly string[]
  /** Of a checkpoint the entries that are new since this phone cosigned last, each in its lines. */
  readonly fresh: readonly (readonly string[])[]
  /**
   * The policy that it rests on, as this phone took it, and the newest version of that, where this phone took one; `none`: it names one,
   * and this phone took none to compare it with.
   */
  readonly under:
    | { readonly organisation: string; readonly version: number; readonly newest: number | null }
    | 'none'
    | null
  /** What the workstation says of it: nobody signs these. */
  readonly claims: readonly string[]
  /** False where this browser may delete what it keeps, and the signature is for real keys. */
  readonly maySign: boolean
  /** As of a request to decrypt; null where what is signed waits on no list. */
  readonly listed: boolean | null
}

/**
 * What a run that moves a key, or that asks whether a share is still held, wants of this phone. `live`: the next epoch is, and the old
 * share is wiped. `keep`: the run was aborted, and the old share answers again.
 */
const epochActs = ['approve', 'redeal', 'receive', 'live', 'keep', 'heartbeat'] as const

export type EpochAct = (typeof epochActs)[number]

/** Told from what was signed, and not done yet. */
export type EpochAsked = {
  readonly act: EpochAct
  readonly lines: readonly Told[]
  readonly digest: string
  readonly words: readonly string[]
  /** Whether the share of the epoch that is left is wiped. */
  readonly wipes: boolean
  /** False where this browser may delete what it keeps, and it is for real keys. */
  readonly mayDo: boolean
}

/** A request that was decided here before, with the files of then: nothing is answered twice, and no answer is lost. */
export type Decided = { readonly decided: 'approved' | 'refused'; readonly files: Files }

/** A file to hand over. */
export type Handover = { readonly name: string; readonly bytes: Uint8Array }

export type Files = readonly Handover[]

/** What the screens ask of the device's worker. Everything that is secret stays on the other side. */
export type Device = {
  state(): Promise<State>
  enrol(asked: { name: string; kind: Kind; domain: Domain; passphrase: string }): Promise<Answer<Overview>>
  unlock(passphrase: string): Promise<Answer<Overview>>
  /** With what the passkey's PRF gave. What is answered or signed then asks for the passphrase: a passkey may lie in somebody's cloud. */
  unlockByPasskey(secret: Uint8Array): Promise<Answer<Overview>>
  /** Where the passkey opened the phone: one answer or signature may follow. */
  confirm(passphrase: string): Promise<Answer<null>>
  /** The passphrase stays: either opens. */
  addPasskey(asked: PasskeyHint & { secret: Uint8Array; passphrase: string }): Promise<Answer<Overview>>
  removePasskey(passphrase: string): Promise<Answer<Overview>>
  card(): Promise<Answer<Handover>>
  readPolicy(file: Handover): Promise<Answer<PolicySummary>>
  takePolicy(file: Handover): Promise<Answer<Overview>>
  /** The proof waits for a backup sheet where this browser may delete what it keeps, and the share is real: null. */
  receive(files: Files): Promise<Answer<{ share: ShareSummary; proof: Handover | null; overview: Overview }>>
  prove(share: string): Promise<Answer<Handover>>
  /** A request that may be decided is kept until it is, or expires. */
  prepare(files: Files): Promise<Answer<Prepared | Decided>>
  /** The files of a request that is open, as they were read. */
  readAgain(request: string): Promise<Answer<Files>>
  /** Takes a request off the list, undecided: nobody hears of it, and it can be read again. */
  dismiss(request: string): Promise<Answer<Overview>>
  /** Answers what was prepared last. */
  approve(): Promise<Answer<{ files: Files; overview: Overview }>>
  refuse(asked: { files: Files; reason: string }): Promise<Answer<{ files: Files; overview: Overview }>>
  /** What an officer, a witness or an approver is asked to sign. A witness's phone compares it with what it cosigned last. */
  readSigning(file: Handover): Promise<Answer<Asked>>
  /** Signs what was read last; what a witness cosigned is remembered before the signature leaves. */
  sign(): Promise<Answer<{ file: Handover; overview: Overview }>>
  /** Makes the envelope key of the next epoch of a share, and its card; the card that was made before, where it was not used yet. */
  renew(
    share: string,
  ): Promise<Answer<{ file: Handover; digest: string; words: readonly string[]; overview: Overview }>>
  /** What of a run that moves a key, an announcement that its epoch is live, or a request for a heartbeat. */
  readEpoch(files: Files): Promise<Answer<EpochAsked>>
  /** Does what was read last, after it was checked again. */
  takeEpoch(): Promise<Answer<{ act: EpochAct; files: Files; overview: Overview }>>
  /** What was done on this phone, as a file that this person signs. */
  saveLog(): Promise<Answer<Handover>>
  /** A backup sheet of this phone's keys, and the words that open it: they are shown this once. The passphrase is asked for again. */
  makeSheet(passphrase: string): Promise<Answer<{ sheet: Uint8Array; words: readonly string[] }>>
  /** Whether a sheet that was scanned back has all keys of this phone under these words. */
  checkSheet(asked: { sheet: Uint8Array; words: string }): Promise<Answer<Overview>>
  /** A new phone with the keys of a sheet. Its shares are received anew, and answer nothing. */
  restore(asked: { sheet: Uint8Array; words: string; passphrase: string }): Promise<Answer<Overview>>
  wipe(): Promise<Answer<null>>
}

export type Call = { readonly id: number; readonly name: keyof Device; readonly args: readonly unknown[] }
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failed: string }
  /** It is not answered yet: so many blocks of all are done. */
  | { readonly id: number; readonly done: number; readonly of: number }
