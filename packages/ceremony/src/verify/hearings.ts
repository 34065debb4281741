import * as v from 'valibot'
import { required, type Verification } from '../bundle/verification.ts'
import { heard, hearingCodec } from '../documents/ceremony/hearing.ts'
import { hybridSignature } from '../documents/format/fields.ts'

const signedFact = v.strictObject({
  payload: hearingCodec.payload.schema,
  signature: hybridSignature,
  here: v.exactOptional(v.literal(true)),
})

/** Who heard words read aloud, each with what was read: `signed` only where the workstation's word stands behind none of it. */
export type Heard = { readonly state: 'none' | 'claimed' | 'signed'; readonly values: readonly string[] }

/** SPEC.md 13.5: who heard, or what is wrong with what the transcript says of it. Earlier versions say nothing. */
export function hearingsOf(of: Verification): Heard | string {
  const { roster, ceremonyId, domain } = of.run.header
  const values = new Set<string>()
  let state: Heard['state'] = 'none'
  const add = (kind: 'claimed' | 'signed', value: string) => {
    state = state === 'claimed' ? state : kind
    values.add(value)
  }
  for (const { kind, stepId, fact } of of.predicate.v === 3 ? of.run.readings : []) {
    const wrong = `${stepId}: who heard is not said in its form`
    if (fact === null) {
      add('claimed', 'redacted')
      continue
    }
    if (kind === 'reading.heard') {
      if (!v.is(heard, fact)) return wrong
      const stranger = fact.by.find((name) => roster.every((seat) => seat.name !== name))
      if (stranger !== undefined) return `${stepId}: ${stranger} heard, and sits nowhere`
      for (const name of fact.by) add('claimed', `claimed ${name}: ${fact.what}`)
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
    add('signed', `signed ${payload.name}: ${payload.what}`)
  }
  return { state, values: [...values] }
}
