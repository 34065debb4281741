import { type PhoneLog, phoneLogCodec, phoneLogSays } from '@lux/ceremony/wire'
import type { VerificationKeys } from '@lux/crypto'
import { checked, need, type Outcome } from './outcome.ts'
import type { PersonKey } from './person-key.ts'

/** A phone's log as a file that its person signs. `entries`: oldest first. Refuses LOG-FILE-MALFORMED. */
export function signLog(
  { card, identity }: PersonKey,
  { made, entries }: Pick<PhoneLog, 'made' | 'entries'>,
): Outcome<Uint8Array> {
  return checked(() => {
    const { domain, name } = card
    const said = { v: 1, kind: 'phone-log', says: phoneLogSays, domain, name, made, entries }
    const payload = need(phoneLogCodec.payload.check(said))
    return phoneLogCodec.file.encode({ payload, signatures: [phoneLogCodec.sign(identity, payload, domain)] })
  })
}

/** Reads a log that the person with these keys signed. Refuses LOG-FILE-MALFORMED, SIGNATURE-…, QUORUM-SHORT. */
export function readLog(bytes: Uint8Array, keys: VerificationKeys): Outcome<PhoneLog> {
  return checked(() => {
    const document = need(phoneLogCodec.file.parse(bytes))
    const { payload } = document
    const members = [{ name: payload.name, keys }]
    need(phoneLogCodec.verify(document, payload.domain, [{ role: 'person', members, quorum: 1 }]))
    return payload
  })
}
