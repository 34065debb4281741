import type { ExaminationView, InputOf } from '../../../contract/index.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { examinationRows } from './examination.ts'
import { mustBeTyped } from './token-acts.ts'
import { examineToken } from './token-doctor.ts'
import { found } from './tokens.ts'

export async function examine(
  parts: ServiceContext,
  { serial, typedLabel }: InputOf<'tokens.examine'>,
): Promise<{ examination: ExaminationView }> {
  const { label } = await found(parts, serial)
  if (typedLabel !== null) mustBeTyped(typedLabel, label)
  parts.emit('work.progress', { id: serial, what: 'try-token', fraction: null, cancellable: false })
  const hsm = parts.hsm()
  const at = parts.clock.now()
  const of = { library: hsm.library.sha256, made: at }
  const examined = await examineToken(hsm.token(serial), of, typedLabel === null ? null : { pins: null })
  return { examination: { at, rows: examinationRows(examined) } }
}
