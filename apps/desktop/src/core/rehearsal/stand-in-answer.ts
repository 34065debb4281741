import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import { holderAnswerCodec, requestPackageCodec } from '@lux/ceremony/wire'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import { prepareAnswer, readRequest, sealAnswer, trustedPolicy } from '@lux/people'
import { approvedPackage } from '../runs/folder/approved-package.ts'
import { decryptionFolder } from '../runs/folder/places.ts'
import type { Run } from '../runs/run/run.ts'
import { accepted } from './accepted.ts'
import { submission } from './stand-in-run.ts'
import { withShareOf } from './stand-in-share.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

/** A stand-in holder decides as a phone does: it checks everything, answers and counts. Errors: what `prepareAnswer` refuses. */
export async function answerAsStandIn(
  run: Run,
  standIn: StandIn,
  id: string,
  now: string,
): Promise<Refusal | null> {
  const { folder } = run
  const decryption = folder.state.decryptions.find((one) => one.id === id)
  const { epoch, digest, package: taken } = decryption ?? {}
  if (!epoch || !digest || !taken) throw new ExpectedError('STAND-IN-ONLY', `${id} was not asked`)
  const given = accepted(requestPackageCodec.check(approvedPackage(folder, taken, digest)))
  const request = accepted(readRequest(requestPackageCodec.encode(given)))
  const ciphertexts = [readBounded(join(decryptionFolder(folder, id), 'ciphertext-1.bin'), maxFile)]
  const policy = accepted(trustedPolicy(readBounded(join(folder.path, 'policy.json'), maxFile)))
  return withShareOf(folder, standIn, epoch, async (opened) => {
    const prepared = accepted(prepareAnswer(opened, { request, ciphertexts, policy, now }))
    const { answer, sealed, said } = accepted(await sealAnswer(prepared, now))
    writeDurably(join(decryptionFolder(folder, id), `answer-${said.holder}.age`), sealed)
    return run.submit({ ...submission(holderAnswerCodec, answer), what: 'holder-answer' })
  })
}
