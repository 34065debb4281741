import { type TokenExamination, tokenExaminationCodec } from '@lux/ceremony/wire'
import { canonicalString, identityId } from '@lux/crypto'
import { said } from '@lux/hsm'
import { ExpectedError } from '@lux/node-files'
import type { PersonKey } from '@lux/people'
import type { ExaminationRow, Said } from '../../../contract/index.ts'

/** As a file. `key`: of whoever signs it; null: nobody does. */
export function examinationFile(examination: TokenExamination, key: PersonKey | null): Uint8Array {
  if (key === null) return tokenExaminationCodec.file.encode({ payload: examination, signatures: [] })
  const { domain, name, keys } = key.card
  const payload = { ...examination, by: { name, domain, keys } }
  return tokenExaminationCodec.file.encode({
    payload,
    signatures: [tokenExaminationCodec.sign(key.identity, payload, domain)],
  })
}

/** An unsigned one has no signature, a signed one that of the key that it names. Errors: EXAMINATION-MALFORMED, SIGNATURE-…, QUORUM-SHORT. */
export function readExamination(bytes: Uint8Array): TokenExamination {
  const document = tokenExaminationCodec.file.parse(bytes)
  if (!document.ok) throw new ExpectedError(document.rule, document.detail)
  const { payload } = document.value
  const { by } = payload
  const groups = by === null ? [] : [{ role: 'person', members: [by], quorum: 1 }]
  const verified = tokenExaminationCodec.verify(document.value, by?.domain ?? 'production', groups)
  if (!verified.ok) throw new ExpectedError(verified.rule, verified.detail)
  return payload
}

/** What it says, a line each, by the names of texts: the command, the window and the paper say the same. */
export function examinationRows(examination: TokenExamination): ExaminationRow[] {
  const { token, tried, findings, helps, inventory } = examination
  const { manufacturer: maker, model, firmware, profile } = token
  return [
    row('doctor-token', [say('is-token', { maker, model, firmware, profile })]),
    row('doctor-tried', [tried]),
    ...findings.map(({ role, able, why }) => row(`role-${role}`, why, able)),
    ...helps.map((help) => row('doctor-helps', [help])),
    ...(inventory === null
      ? []
      : [row('doctor-left', [say(isUnchanged(inventory) ? 'left-nothing' : 'left-something')])]),
  ]
}

export const isUnchanged = ({ before, after }: NonNullable<TokenExamination['inventory']>): boolean =>
  before === after

/** Who says it. The key is named by its identity, which a card of that person has too. */
export const signerRow = ({ by }: TokenExamination): ExaminationRow =>
  row('doctor-signed', [
    by === null ? say('signed-none') : say('signed-by', { name: by.name, key: identityId(by.keys) }),
  ])

/** Rows of the one that the other has not, each way. Serial numbers, labels and times are not compared: two tokens of a make have others. */
export function compareExaminations(
  first: TokenExamination,
  second: TokenExamination,
): { readonly same: boolean; readonly first: ExaminationRow[]; readonly second: ExaminationRow[] } {
  const [a, b] = [comparable(first), comparable(second)]
  const without = (some: ExaminationRow[], others: ExaminationRow[]) => {
    const known = new Set(others.map((one) => canonicalString(one)))
    return some.filter((one) => !known.has(canonicalString(one)))
  }
  const [onlyFirst, onlySecond] = [without(a, b), without(b, a)]
  return { same: onlyFirst.length + onlySecond.length === 0, first: onlyFirst, second: onlySecond }
}

const comparable = (examination: TokenExamination): ExaminationRow[] => [
  ...examinationRows(examination),
  row('doctor-library', [say('answered', { answer: examination.library })]),
]

function row(
  label: Parameters<typeof said>[0],
  text: readonly Said[],
  able: ExaminationRow['able'] = null,
): ExaminationRow {
  return { label, able, text: [...text] }
}

function say(...asked: Parameters<typeof said>): Said {
  const { id, values } = said(...asked)
  return { id, values: { ...values } }
}
