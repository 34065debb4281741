import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type HolderAnswer, type RequestPackage, requestDigest } from '@lux/ceremony/wire'
import { makeFolder, readBounded, writeInFolder } from '@lux/node-files'
import { checkGivenAnswer, type GivenAnswer, maxHolderAnswer, type OpenedShare } from '@lux/people'

/** Answers of a share, each as it left: one that was lost on its way is given again, and nothing is answered twice. */
const folderOf = (share: string): string => `${share}.answers`

function filesOf(share: string, { request }: RequestPackage): { answer: string; sealed: string } {
  const stem = join(folderOf(share), requestDigest(request.payload))
  return { answer: `${stem}.json`, sealed: `${stem}.age` }
}

/** Before the share's record counts it, so that no answer is counted and gone. */
export function keepAnswer(share: string, request: RequestPackage, { answer, sealed }: GivenAnswer): void {
  const folder = folderOf(share)
  makeFolder(folder)
  const files = filesOf(share, request)
  if (sealed !== null) writeInFolder(files.sealed, sealed, 0o600)
  writeInFolder(files.answer, answer, 0o600)
}

/** The answer that was given to this very request, in this decision; null where none was kept, or other bytes lie in its place. */
export function keptAnswer(
  { share, decision }: { readonly share: string; readonly decision: HolderAnswer['decision'] },
  opened: Pick<OpenedShare, 'key' | 'envelope'>,
  request: RequestPackage,
): (GivenAnswer & { readonly said: HolderAnswer }) | null {
  const files = filesOf(share, request)
  if (!existsSync(files.answer)) return null
  const answer = readBounded(files.answer, maxHolderAnswer)
  const sealed = existsSync(files.sealed) ? readBounded(files.sealed, maxHolderAnswer) : null
  const said = checkGivenAnswer(opened, request, { answer, sealed })
  return said.ok && said.value.decision === decision ? { answer, sealed, said: said.value } : null
}

/** With the share. */
export function forgetAnswers(share: string): void {
  rmSync(folderOf(share), { recursive: true, force: true })
}
