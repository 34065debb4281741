import { signatureAnswerCodec } from '@lux/ceremony/wire'
import { ExpectedError, writeInFolder } from '@lux/node-files'
import { explainRequest, prepareSignature, signAnswer, signingOf } from '@lux/people'
import * as v from 'valibot'
import type { RunView } from '../../../contract/index.ts'
import { signatureRequest } from '../../runs/exchange/outbox.ts'
import type { Run } from '../../runs/run/run.ts'
import { memoryBeside, openKeyFile, readMemory } from '../../use-cases/key-file.ts'
import { takeFile } from '../../use-cases/paused.ts'
import { checked, hexId, name, needed, path, refuse } from '../shared/checked.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { mustBeSame, shown } from './ceremonies.ts'

/** What is signed now; null where nothing is. */
function askedOf({ folder, view }: Pick<Run, 'folder' | 'view'>) {
  const seen = view()
  const { needs } = seen
  return needs?.kind === 'signatures' ? signatureRequest(folder, seen, needs) : null
}

export function toSign(parts: ServiceContext, input: unknown): { lines: string[] } {
  const { run } = parts.runs.get(checked(v.strictObject({ id: hexId }), input).id)
  const request = askedOf({ folder: run.folder, view: () => run.view() })
  return { lines: request === null ? [] : needed(explainRequest(request)).lines }
}

/** A person without a device signs with their own key file, in this window. Errors: KEY-…, REQUEST-…, COSIGN-…, SUBMIT-…. */
export async function signHere(parts: ServiceContext, input: unknown): Promise<RunView> {
  const asked = checked(
    v.strictObject({
      id: hexId,
      name,
      key: path,
      passphrase: v.pipe(v.string(), v.minLength(1), v.maxLength(1024)),
    }),
    input,
  )
  const { run, standIns } = parts.runs.get(asked.id)
  mustBeSame(parts, run)
  const file = parts.paths.read(asked.key)
  const key = await openKeyFile(file, asked.passphrase)
  try {
    if (key.card.name !== asked.name)
      throw new ExpectedError('KEY-FILE-WRONG', `it is the key of ${key.card.name}, not of ${asked.name}`)
    const request = askedOf({ folder: run.folder, view: () => run.view() })
    if (request === null) throw new ExpectedError('SETUP-EARLY', 'nobody is asked to sign anything now')
    const cosigns = request.what === 'checkpoint'
    const memory = memoryBeside(file)
    const signing = needed(signingOf(key.card.kind, request))
    const prepared = needed(prepareSignature(signing, key, cosigns ? readMemory(memory) : {}))
    const signed = signAnswer(prepared)
    // On disk before the signature counts: a key that was used here and then at another machine has forgotten nothing.
    if (signed.memory !== null) writeInFolder(memory, signed.memory)
    needed(signatureAnswerCodec.parse(signed.answer))
    refuse(takeFile(run, signed.answer, null, standIns.length > 0, true))
  } finally {
    key.identity.secret.wipe()
  }
  return shown(parts, asked.id)
}
