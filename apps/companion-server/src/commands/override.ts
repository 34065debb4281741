import { type SignatureAnswer, signatureAnswerCodec, signatureRequestCodec } from '@lux/ceremony/wire'
import type { Override } from '../access/override.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { mustBeNew, writeNew } from '../platform/state-folder/private-file.ts'
import { accept, type Outcome } from '../refusal.ts'
import { openServerParts } from '../server.ts'
import { readGiven } from './given-file.ts'
import { operatorCall } from './operator-call.ts'
import { say } from './result.ts'

const maxAnswer = 32_768

/** Writes what officers are to sign for a request. Refuses as the operation does. */
export async function askOfficers(state: StateFolder, id: string, out: string): Promise<Outcome<string>> {
  await mustBeNew(out)
  return withOverrides(state, async (overrides) => {
    const asked = await overrides.askOfficers(operatorCall(), { id })
    if (!asked.ok) return asked
    await writeNew(out, signatureRequestCodec.encode(asked.value), 0o600)
    return accept(out)
  })
}

/** Hands in what officers signed. Refuses SIGNATURE-ANSWER-MALFORMED, and as the operation does. */
export async function handIn(
  state: StateFolder,
  id: string,
  files: readonly string[],
): Promise<Outcome<Override>> {
  const answers: SignatureAnswer[] = []
  for (const file of files) {
    const answer = signatureAnswerCodec.parse(await readGiven(file, maxAnswer))
    if (!answer.ok) return answer
    answers.push(answer.value)
  }
  return withOverrides(state, (overrides) => overrides.override(operatorCall(), { id, answers }))
}

export const stopOverride = (state: StateFolder, id: string): Promise<Outcome<null>> =>
  withOverrides(state, (overrides) => overrides.stopOverride(operatorCall(), { id }))

type Overrides = Awaited<ReturnType<typeof openServerParts>>['overrides']

async function withOverrides<T>(
  state: StateFolder,
  work: (overrides: Overrides) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const { overrides, close } = await openServerParts(state)
  try {
    return await work(overrides)
  } finally {
    await close().catch((error: unknown) => say([`closing: ${String(error)}`]))
  }
}
