import { cardCodec } from '@lux/ceremony/wire'
import { equalBytes } from '@lux/crypto'
import type { BlocksDone } from '@lux/crypto/fhe'
import { changeHeader } from '../storage/database.ts'
import { type Database, readHeader } from '../storage/open-database.ts'
import { type DeriveKey, openVault, type Vault, type VaultHeader } from '../storage/vault.ts'
import type { Answer, LogEntry, No } from './api.ts'
import { readClock } from './clock.ts'
import { type Kept, no, yes } from './kept.ts'
import { encodeText, type Random, type Records, type Written } from './records.ts'
import { type Act, mayAct, nextSession, releaseSecrets, type Session, type SessionEvent } from './session.ts'
import { sheetAt } from './sheet-keys.ts'

export type DevicePorts = {
  readonly database: Database
  readonly derive: DeriveKey
  readonly random: Random
  /** ISO-8601 UTC with milliseconds, as all documents have it. */
  readonly now: () => string
  /** Whether the browser promised to keep what this app writes. */
  readonly persisted: () => Promise<boolean>
  /** Scheme, host and port that served the app. */
  readonly origin: string
  /** Lets so many milliseconds pass. */
  readonly wait: (milliseconds: number) => Promise<void>
  /** Hears how far a partial decryption is. */
  readonly told: BlocksDone
}

/** A holder's phone: its ports, and its session, which changes by events alone. */
export type Phone = DevicePorts & {
  session(): Session
  on(event: SessionEvent): void
  /**
   * The vault, opened by its passphrase. `of`: the vault that is open here, null where none is. Refuses PHONE-NOT-ENROLLED,
   * PHONE-OTHER-TAB, PHONE-PASSPHRASE.
   */
  vaultBy(passphrase: string, of: Vault | null): Promise<Answer<Vault>>
}

export function createPhone(ports: DevicePorts): Phone {
  let session: Session = null
  return {
    ...ports,
    session: () => session,
    on(event) {
      const before = session
      session = nextSession(before, event)
      releaseSecrets(before, session)
    },
    vaultBy: passphraseGate(ports),
  }
}

export const locked = no('PHONE-LOCKED')

/** The passphrase has to be given for this act first: PHONE-CONFIRM. Null where the act may be done now, once. */
export function unconfirmed({ session, on }: Phone, act: Act): No | null {
  const open = session()
  if (open === null) return locked
  const may = mayAct(open, act)
  on({ on: 'acted', act })
  return may ? null : no('PHONE-CONFIRM')
}

/** The time of day, ISO-8601 UTC, as `readClock` checks it. */
export function timeOf({ session, on, now }: Phone): Answer<string> {
  const open = session()
  if (open === null) return locked
  const time = readClock(open.records, { now: now(), newest: open.newestTime })
  if (time.ok) on({ on: 'time-read', at: time.value })
  return time
}

/**
 * Whether real keys may be used. Either the browser promised to keep this app's storage, or a backup sheet with this card's key was scanned
 * back. `card`: the digest of a share's card; null for the phone's own.
 */
export async function mayApprove({ persisted }: Phone, kept: Kept, card: string | null): Promise<boolean> {
  if (kept.person.card.domain === 'rehearsal') return true
  return sheetAt(kept, [card ?? cardCodec.digest(kept.person.card)]) !== null || (await persisted())
}

export const logId = (count: number): string => String(count).padStart(8, '0')

/** The next entry of the phone's log. */
export function logged(records: Records, entry: LogEntry): Written {
  return { store: 'log', id: logId(records.ids('log').length), plain: encodeText(entry) }
}

const mostWrong = 1000
const delayAfter = (wrong: number): number => Math.min(250 * 2 ** (wrong - 1), 30_000)
const countIn = ({ wrong = 0 }: VaultHeader): number =>
  Number.isSafeInteger(wrong) && wrong > 0 ? Math.min(wrong, mostWrong) : 0

/**
 * Each wrong passphrase costs more time than the last, up to half a minute. Nothing is ever locked for good. The count is kept with the
 * vault, so closing the app makes no guess cheaper.
 */
function passphraseGate({ database, derive, wait }: DevicePorts): Phone['vaultBy'] {
  /** Wrong guesses whose time was already waited for here. */
  let served = 0

  async function count(id: Uint8Array, wrong: number): Promise<void> {
    // A full storage must not keep the right passphrase out. The wait happens all the same.
    await changeHeader(database, id, ({ wrong: _before, ...header }) =>
      wrong === 0 ? header : { ...header, wrong },
    ).catch(() => false)
  }

  return async (passphrase, of) => {
    const header = await readHeader(database)
    if (header === null) return no(of === null ? 'PHONE-NOT-ENROLLED' : 'PHONE-OTHER-TAB')
    if (of !== null && !equalBytes(of.header.id, header.id)) return no('PHONE-OTHER-TAB')
    const before = Math.max(countIn(header), served)
    if (before > served) await wait(delayAfter(before))
    served = before
    const vault = await openVault(header, passphrase, derive)
    if (vault === null) {
      served = before + 1
      await count(header.id, served)
      await wait(delayAfter(served))
      return no('PHONE-PASSPHRASE')
    }
    if (before > 0) await count(header.id, 0)
    served = 0
    return yes(vault)
  }
}
