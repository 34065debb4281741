import { wordsOf } from '@lux/people'
import type { Device } from './api.ts'
import { keepSigned } from './clock.ts'
import { type Kept, no, yes } from './kept.ts'
import { type Ready, readEpochFiles, renewFor } from './next-epoch.ts'
import { overview } from './overview.ts'
import { locked, logged, mayApprove, type Phone, timeOf, unconfirmed } from './phone.ts'

/** A holder's part in a run that moves a key to its next epoch. */
export function epochs(phone: Phone) {
  const entropy = { bytes: phone.random }

  /** A signature needs what an answer needs. A share that comes or goes is taken as it is, and its proof waits. */
  const mayDo = async (kept: Kept, { shown: { act }, card }: Ready): Promise<boolean> =>
    act === 'receive' || act === 'live' || act === 'keep' || mayApprove(phone, kept, card)

  return {
    async renew(share) {
      const open = phone.session()
      if (open === null) return locked
      const first = unconfirmed(phone, `renew ${share}`)
      if (first !== null) return first
      const renewed = await renewFor(open, share, entropy)
      if (!renewed.ok) return renewed
      const { card, digest, written, made } = renewed.value
      if (made) {
        const { name: about } = open.person.card
        const entry = logged(open.records, { at: phone.now(), what: 'renewed', about, digest })
        await open.records.write([...written, entry])
      }
      const file = { name: `card-${digest.slice(0, 8)}.json`, bytes: card }
      return yes({ file, digest, words: wordsOf(digest), overview: await overview(phone, open) })
    },

    async readEpoch(files) {
      phone.on({ on: 'epoch-read', epoch: null })
      const open = phone.session()
      if (open === null) return locked
      const read = readEpochFiles(open, files, { entropy, now: phone.now })
      if (!read.ok) return read
      phone.on({ on: 'epoch-read', epoch: read.value })
      return yes({ ...read.value.shown, mayDo: await mayDo(open, read.value) })
    },

    async takeEpoch() {
      const open = phone.session()
      if (open === null) return locked
      const { records, epoch } = open
      if (epoch === null) return no('PHONE-NOTHING-PREPARED')
      if (!(await mayDo(open, epoch))) return no('PHONE-NOT-KEPT')
      const time = timeOf(phone)
      if (!time.ok) return time
      const first = unconfirmed(phone, epoch)
      if (first !== null) return first
      const taken = await epoch.take()
      if (!taken.ok) return taken
      const { files, written, gone, person, entry, signed } = taken.value
      const seen = keepSigned(records, time.value, signed)
      await records.write([...written, ...seen, logged(records, { at: phone.now(), ...entry })], gone)
      phone.on({ on: 'epoch-read', epoch: null })
      if (person !== null) phone.on({ on: 'key-changed', person })
      const after = { records, person: person ?? open.person }
      const { act } = epoch.shown
      const kept = act !== 'receive' || (await mayApprove(phone, after, epoch.card))
      return yes({ act, files: kept ? files : [], overview: await overview(phone, after) })
    },
  } satisfies Partial<Device>
}
