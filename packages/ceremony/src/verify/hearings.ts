import * as v from 'valibot'
import { required, type Verification } from '../bundle/verification.ts'
import { heard, hearingCodec } from '../documents/ceremony/hearing.ts'
import { hybridSignature } from '../documents/format/fields.ts'

const signedFact = v.strictObject({
  payload: hearingCodec.payload.schema,
  signature: hybridSignature,
  here: v.exactOptional(v.literal(true)),
})

/** Who heard words read aloud: of whom the workstation says it, and who signed it. */
export type Heard = { readonly claimed: readonly string[]; readonly signed: readonly string[] }

/** SPEC.md 13.5: who heard, or what is wrong with what the transcript says of it. Earlier versions say nothing. */
export function hearingsOf(of: Verification): Heard | string {
  const { roster, ceremonyId, domain } = of.run.header
  const claimed = new Set<string>()
  const signed = new Set<string>()
  for (const { kind, stepId, fact } of of.predicate.v === 3 ? of.run.readings : []) {
    const wrong = `${stepId}: who heard is not said in its form`
    if (fact === null) continue
    if (kind === 'reading.heard') {
      if (!v.is(heard, fact)) return wrong
      const stranger = fact.by.find((name) => roster.every((seat) => seat.name !== name))
      if (stranger !== undefined) return `${stepId}: ${stranger} heard, and sits nowhere`
      for (const name of fact.by) claimed.add(name)
      continue
    }
    const parsed = v.safeParse(signedFact, fact)
    if (!parsed.success) return wrong
    const { payload, signature } = parsed.output
    const here = payload.domain === domain && payload.ceremonyId === ceremonyId && payload.stepId === stepId
    if (!here) return `${stepId}: a hearing of another step or run`
    const seat = roster.find(
      ({ role, name }) => name === payload.name && (role === 'officer' || role === 'witness'),
    )
    if (seat === undefined) return `${stepId}: ${payload.name} signed that they heard, and judges nothing`
    const { keys } = required(of.people.get(seat.card) ?? null)
    const group = { role: seat.role, members: [{ name: seat.name, keys }], quorum: 1 }
    const valid = hearingCodec.verify({ payload, signatures: [signature] }, domain, [group])
    if (!valid.ok) return `${stepId}: ${valid.detail}`
    signed.add(payload.name)
  }
  return { claimed: [...claimed], signed: [...signed] }
}
