import { maxPlanBytes, planHash } from '@lux/ceremony/plan'
import { fromUtf8, utf8 } from '@lux/crypto'
import { ExpectedError, readBounded } from '@lux/node-files'
import { shippedScript } from '../../use-cases/make-plan.ts'
import type { ServiceContext } from '../shared/service-context.ts'

const own = /^own:([0-9a-f]{64})$/

/** How a ceremony names a script of this store: by the hash of its file, so that it is always the same bytes. */
export function ownScriptId(hash: string): string {
  return `own:${hash}`
}

/** The file of a script that is shipped or of this store; null where none has that name. */
export function scriptBytes(
  { program, store }: Pick<ServiceContext, 'program' | 'store'>,
  id: string,
): Uint8Array | null {
  const hash = own.exec(id)?.[1]
  if (hash !== undefined) {
    const row = store.scripts().find((one) => one.hash === hash)
    return row === undefined || planHash(utf8(row.text)) !== hash ? null : utf8(row.text)
  }
  const file = shippedScript(program.resources, id)
  return file === null ? null : readBounded(file, maxPlanBytes)
}

/** Errors: SCRIPT-UNKNOWN. */
export function neededScript(parts: Pick<ServiceContext, 'program' | 'store'>, id: string): Uint8Array {
  const bytes = scriptBytes(parts, id)
  if (bytes === null) throw new ExpectedError('SCRIPT-UNKNOWN', `there is no script ${id}`)
  return bytes
}

/** Keeps a script file in the store and gives its id. */
export function keepScript({ store, clock }: ServiceContext, bytes: Uint8Array): string {
  const hash = planHash(bytes)
  store.addScript({ hash, text: fromUtf8(bytes), frozen: clock.now() })
  return ownScriptId(hash)
}
