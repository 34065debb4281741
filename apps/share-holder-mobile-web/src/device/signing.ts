import {
  checkUnexpired,
  type PolicyBehind,
  type PreparedSignature,
  parseMemory,
  policyBehind,
  prepareSignature,
  readSignatureRequest,
  shownOf,
  signAnswer,
  signingOf,
} from '@lux/people'
import type { Asked, Device, LogEntry, OpenRequest } from './api.ts'
import { no, policyFiles, yes } from './kept.ts'
import { listRequest, requestPlaces } from './open-requests.ts'
import { overview } from './overview.ts'
import { locked, logged, mayApprove, type Phone, timeOf, unconfirmed } from './phone.ts'

/** The signatures that an officer, a witness or an approver is asked for. */
export function signatures(phone: Phone) {
  return {
    async readSigning({ bytes }) {
      phone.on({ on: 'signature-read', signing: null })
      const open = phone.session()
      if (open === null) return locked
      const { person, records } = open
      const request = readSignatureRequest(bytes)
      if (!request.ok) return request
      const policies = policyFiles(records)
      const known = { policies: policies.map(({ policy }) => policy), plan: null }
      const signing = signingOf(person.card.kind, request.value, known)
      if (!signing.ok) return signing
      const memory = parseMemory(records.read('memory', 'me'))
      if (!memory.ok) return memory
      const time = timeOf(phone)
      if (!time.ok) return time
      const read = prepareSignature(signing.value, person, memory.value, time.value)
      if (!read.ok) return read
      const behind = policyBehind(read.value, person, policies)
      if (!behind.ok) return behind
      phone.on({ on: 'signature-read', signing: read.value })
      const waits = waiting(read.value)
      const files = [{ name: '', bytes }]
      const listed =
        waits === null
          ? null
          : await listRequest(records, { request: waits, files, time: time.value, signed: [] })
      return yes({ ...shownAsked(read.value, behind.value, await mayApprove(phone, open, null)), listed })
    },

    async sign() {
      const open = phone.session()
      if (open === null) return locked
      const { records, signing } = open
      if (signing === null) return no('PHONE-NOTHING-PREPARED')
      if (!(await mayApprove(phone, open, null))) return no('PHONE-NOT-KEPT')
      const time = timeOf(phone)
      if (!time.ok) return time
      const inTime = checkUnexpired(signing, time.value)
      if (!inTime.ok) return inTime
      const first = unconfirmed(phone, signing)
      if (first !== null) return first
      const { what } = signing.request
      const { digest } = signing.explained
      const { memory, answer } = signAnswer(signing)
      const entry: LogEntry = { at: phone.now(), what: 'signed', about: what, digest }
      await records.write(
        [...(memory === null ? [] : [{ store: 'memory', id: 'me', plain: memory }]), logged(records, entry)],
        requestPlaces(digest),
      )
      phone.on({ on: 'signature-read', signing: null })
      const name = `signature-${what}-${digest.slice(0, 8)}.json`
      return yes({ file: { name, bytes: answer }, overview: await overview(phone, open) })
    },

    async signNot() {
      const open = phone.session()
      if (open === null) return locked
      const { records, signing } = open
      if (signing === null) return no('PHONE-NOTHING-PREPARED')
      const { request, explained } = signing
      const about = { about: request.what, digest: explained.digest }
      const entry: LogEntry = { at: phone.now(), what: 'refused', ...about }
      await records.write([logged(records, entry)], requestPlaces(explained.digest))
      phone.on({ on: 'signature-read', signing: null })
      return yes(await overview(phone, open))
    },
  } satisfies Partial<Device>
}

/** What waits on the phone's list until it is signed; null for what never expires, which waits on none. */
function waiting({ explained: { digest, expires, facts } }: PreparedSignature): OpenRequest | null {
  if (expires === null) return null
  const fact = (name: string) => facts.find((one) => one.name === name)?.value ?? ''
  return { id: digest, kind: 'sign', what: fact('what'), by: fact('requester'), expires }
}

function shownAsked(
  { request, explained, fresh }: PreparedSignature,
  { named, policy, newest }: PolicyBehind,
  maySign: boolean,
): Omit<Asked, 'listed'> {
  const { name: organisation } = policy?.organisation ?? { name: '' }
  const under =
    policy === null ? (named === null ? null : 'none') : { organisation, version: policy.version, newest }
  return { ...shownOf(request, explained, fresh), under, maySign }
}
