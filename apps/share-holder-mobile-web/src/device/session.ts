import { wipe } from '@lux/crypto'
import {
  discardAnswer,
  forgetShareOf,
  type OpenedShare,
  type PersonKey,
  type PreparedAnswer,
  type PreparedSignature,
} from '@lux/people'
import type { Files, ShareSummary } from './api.ts'
import type { Open } from './kept.ts'
import type { Ready } from './next-epoch.ts'

/** A request to decrypt that was read and checked, with the files it was read from. */
export type PreparedRequest = {
  readonly answer: PreparedAnswer
  readonly share: ShareSummary
  readonly opened: OpenedShare
  readonly files: Files
}

/** `unwritten`: its holder said yes, and the phone could not write the answer. The next yes reads the files anew. */
type Answering =
  | { readonly step: 'read' | 'sealing'; readonly request: PreparedRequest }
  | { readonly step: 'unwritten'; readonly files: Files }

/** What one yes is about: the very object that was read, or a name for what needs no reading. */
export type Act = object | string

/** The phone in memory: null while it is closed. */
export type Session =
  | (Open & {
      readonly openedBy: 'passphrase' | 'passkey'
      /** The act that asked for the passphrase. It may be done once the passphrase was `given`. */
      readonly confirming: { readonly act: Act; readonly given: boolean } | null
      /** The latest time read from the clock, ISO-8601 UTC; empty before the first. */
      readonly newestTime: string
      readonly answering: Answering | null
      readonly signing: PreparedSignature | null
      readonly epoch: Ready | null
    })
  | null

export type SessionEvent =
  | { readonly on: 'opened'; readonly open: Open; readonly by: 'passphrase' | 'passkey' }
  | { readonly on: 'closed' }
  | { readonly on: 'passkey-removed' }
  | { readonly on: 'acted'; readonly act: Act }
  | { readonly on: 'passphrase-given' }
  | { readonly on: 'time-read'; readonly at: string }
  | { readonly on: 'request-read'; readonly request: PreparedRequest }
  | { readonly on: 'request-sealing' }
  | { readonly on: 'request-unwritten' }
  | { readonly on: 'request-done' }
  | { readonly on: 'signature-read'; readonly signing: PreparedSignature | null }
  | { readonly on: 'epoch-read'; readonly epoch: Ready | null }
  | { readonly on: 'key-changed'; readonly person: PersonKey }

/** The session after an event. A closed phone can only be opened. */
export function nextSession(session: Session, event: SessionEvent): Session {
  if (event.on === 'opened') {
    const nothingRead = { answering: null, signing: null, epoch: null }
    return { ...event.open, openedBy: event.by, confirming: null, newestTime: '', ...nothingRead }
  }
  if (session === null) return null
  const { answering } = session
  switch (event.on) {
    case 'closed':
      return null
    case 'passkey-removed':
      return { ...session, openedBy: 'passphrase' }
    case 'acted':
      if (session.openedBy === 'passphrase') return session
      return { ...session, confirming: mayAct(session, event.act) ? null : { act: event.act, given: false } }
    case 'passphrase-given':
      if (session.confirming === null) return session
      return { ...session, confirming: { ...session.confirming, given: true } }
    case 'time-read':
      return { ...session, newestTime: event.at }
    case 'request-read':
      return { ...session, answering: { step: 'read', request: event.request } }
    case 'request-sealing':
      return answering?.step === 'read'
        ? { ...session, answering: { ...answering, step: 'sealing' } }
        : session
    case 'request-unwritten':
      if (answering?.step !== 'sealing') return session
      return { ...session, answering: { step: 'unwritten', files: answering.request.files } }
    case 'request-done':
      return { ...session, answering: null }
    case 'signature-read':
      return { ...session, signing: event.signing }
    case 'epoch-read':
      return { ...session, epoch: event.epoch }
    case 'key-changed':
      return { ...session, person: event.person }
  }
}

/** Whether an act needs no passphrase first. A passkey may lie in a cloud, so each act after it needs one, given for that act alone. */
export function mayAct(session: NonNullable<Session>, act: Act): boolean {
  const { openedBy, confirming } = session
  return openedBy === 'passphrase' || (confirming?.given === true && confirming.act === act)
}

/** Wipes the secrets that the session before an event held, and the one after it does not. */
export function releaseSecrets(before: Session, after: Session): void {
  if (before === null) return
  if (before.vault !== after?.vault) wipe(before.vault.key)
  const request = requestOf(before)
  if (request === null || request === requestOf(after)) return
  discardAnswer(request.answer)
  forgetShareOf(request.opened)
}

function requestOf(session: Session): PreparedRequest | null {
  const answering = session?.answering ?? null
  return answering === null || answering.step === 'unwritten' ? null : answering.request
}
