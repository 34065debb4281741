import { toBase64 } from '@lux/crypto'
import type { Database } from '../platform/database/open.ts'
import { variable } from '../platform/environment.ts'
import type { Egress } from '../platform/http/egress.ts'
import { EnvironmentError } from '../refusal.ts'
import { cosignedAt, linesOf, type NoteVerifier, noteVerifier } from './note.ts'
import { consistencyOf } from './tree-log.ts'

/** Somebody elsewhere who cosigns the log only where it goes on (C2SP tlog-witness). */
export type Witness = { readonly url: string; readonly key: NoteVerifier }

/**
 * How its last answer was: it cosigned, was never asked, gave none in time, did not take the note, answered what is no cosignature of it by
 * this key and of this hour, or has cosigned a larger log than there is.
 */
export const witnessAnswers = ['cosigned', 'unasked', 'away', 'refused', 'wrong', 'ahead'] as const
type WitnessAnswer = (typeof witnessAnswers)[number]

export type WitnessState = {
  readonly name: string
  readonly answer: WitnessAnswer
  /** The largest log that it has cosigned. */
  readonly size: number
  readonly cosignedAt: Date | null
}

export const maxWitnesses = 16
const maxAnswer = 16_384
/** How far a witness' clock may be from ours, in seconds. */
const maxSkew = 600

/** Of AUDIT_WITNESSES: a URL, a space and the witness' verifier key, several with commas between. Throws ENVIRONMENT-VARIABLE. */
export function configuredWitnesses(text = variable('AUDIT_WITNESSES')): Witness[] {
  const found = (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one): Witness | null => {
      const [url = '', vkey = '', ...more] = one.split(/ +/)
      const key = noteVerifier(vkey)
      return !URL.canParse(url) || key?.type !== 0x04 || more.length > 0
        ? null
        : { url: url.replace(/\/$/, ''), key }
    })
  const all = found.filter((one) => one !== null)
  const names = new Set(all.map(({ key }) => key.name))
  if (all.length < found.length || names.size < all.length || all.length > maxWitnesses)
    throw new EnvironmentError(
      'ENVIRONMENT-VARIABLE',
      `AUDIT_WITNESSES: expected a URL and a witness’ verifier key each, ${maxWitnesses} at most, each name once`,
    )
  return all
}

type Answer =
  | { readonly answer: 'cosigned'; readonly line: string; readonly at: Date }
  | { readonly answer: Exclude<WitnessAnswer, 'cosigned' | 'unasked'> }
  | { readonly has: number }

/** Asks every witness for its cosignature of a note, all at once. What one says or does stops neither another nor the server. */
export async function askWitnesses(
  { database, egress, now }: { readonly database: Database; readonly egress: Egress; now(): Date },
  witnesses: readonly Witness[],
  { size, note }: { readonly size: number; readonly note: string },
): Promise<readonly WitnessState[]> {
  return Promise.all(
    witnesses.map(async (witness) => {
      const { name } = witness.key
      const before = await database
        .selectFrom('audit_witness')
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirst()
      const known = Number(before?.size ?? 0)
      const given = await ask(witness, known > size ? 0 : known).catch(() => wrong)
      const asked = { asked_at: now(), answer: given.answer }
      const done = given.answer === 'cosigned' ? { size, line: given.line, cosigned_at: given.at } : {}
      await database
        .insertInto('audit_witness')
        .values({ name, line: null, ...asked, ...done })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ ...asked, ...done }))
        .execute()
      return {
        ...{ name, answer: given.answer, size: done.size ?? known },
        cosignedAt: done.cosigned_at ?? before?.cosigned_at ?? null,
      }
    }),
  )

  async function ask(witness: Witness, old: number): Promise<Exclude<Answer, { has: number }>> {
    const first = await send(witness, old)
    if (!('has' in first)) return first
    // It knows another size than we thought, and says which.
    if (first.has > size) return { answer: 'ahead' }
    const second = await send(witness, first.has)
    return 'has' in second ? wrong : second
  }

  async function send({ url, key }: Witness, old: number): Promise<Answer> {
    const proof = old === size ? [] : await consistencyOf(database, old, size)
    const lines = [`old ${old}`, ...proof.map((hash) => toBase64(hash)), '']
    const reply = await egress.send({
      ...{ method: 'POST', url: `${url}/add-checkpoint`, body: Buffer.from(`${lines.join('\n')}\n${note}`) },
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    })
    if (!reply.ok) return { answer: 'away' }
    const { status, body } = reply.value
    if (body.length > maxAnswer) return wrong
    const text = body.toString('utf8')
    if (status === 409) {
      const [digits] = /^[0-9]{1,15}(?=\n?$)/.exec(text) ?? []
      return digits === undefined ? wrong : { has: Number(digits) }
    }
    if (status !== 200) return { answer: 'refused' }
    const signed = linesOf(text) ?? []
    const at = signed.findIndex(({ name, id }) => name === key.name && id.equals(key.id))
    const time = cosignedAt(textOf(note), signed.slice(at, at + 1), key)
    if (time === null || Math.abs(time - now().getTime() / 1000) > maxSkew) return wrong
    return { answer: 'cosigned', line: `${text.split('\n')[at]}\n`, at: new Date(time * 1000) }
  }
}

const wrong = { answer: 'wrong' } as const
const textOf = (note: string): string => note.slice(0, note.indexOf('\n\n') + 1)

/** What the witnesses said last, those that were never asked too. */
export async function witnessStates(
  database: Database,
  witnesses: readonly Witness[],
): Promise<readonly (WitnessState & { readonly line: string | null })[]> {
  if (witnesses.length === 0) return []
  const rows = await database.selectFrom('audit_witness').selectAll().execute()
  const byName = new Map(rows.map((row) => [row.name, row]))
  return witnesses.map(({ key: { name } }) => {
    const row = byName.get(name)
    return {
      ...{
        name,
        size: Number(row?.size ?? 0),
        cosignedAt: row?.cosigned_at ?? null,
        line: row?.line ?? null,
      },
      // What is stored there was one of them.
      answer: witnessAnswers.find((one) => one === row?.answer) ?? 'unasked',
    }
  })
}
