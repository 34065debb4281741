import { equalBytes } from '@lux/crypto'
import { changeHeader } from '../storage/database.ts'
import { type Database, readHeader } from '../storage/open-database.ts'
import { type DeriveKey, openVault, type Vault, type VaultHeader } from '../storage/vault.ts'
import type { Answer } from './api.ts'
import { no, yes } from './kept.ts'

type Ports = {
  readonly database: Database
  readonly derive: DeriveKey
  readonly wait: (milliseconds: number) => Promise<void>
}

const mostWrong = 1000
const delayAfter = (wrong: number): number => Math.min(250 * 2 ** (wrong - 1), 30_000)
const countIn = ({ wrong = 0 }: VaultHeader): number =>
  Number.isSafeInteger(wrong) && wrong > 0 ? Math.min(wrong, mostWrong) : 0

/**
 * Opens the vault by its passphrase. Each wrong one costs more time than the last, up to half a minute; nothing is ever locked for good.
 * The count is kept with the vault, so that closing the app makes no guess cheaper. `of`: the vault that is open here. Refuses
 * PHONE-NOT-ENROLLED, PHONE-OTHER-TAB, PHONE-PASSPHRASE.
 */
export function passphraseGate({ database, derive, wait }: Ports) {
  /** Wrong ones whose time was waited for here. */
  let served = 0

  async function count(id: Uint8Array, wrong: number): Promise<void> {
    // A storage that is full opens none the less, and waits none the less.
    await changeHeader(database, id, ({ wrong: _before, ...header }) =>
      wrong === 0 ? header : { ...header, wrong },
    ).catch(() => false)
  }

  return async (passphrase: string, of: Vault | null): Promise<Answer<Vault>> => {
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
