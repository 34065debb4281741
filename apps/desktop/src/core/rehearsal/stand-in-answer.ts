import { join } from 'node:path'
import type { Refusal } from '@lux/ceremony'
import {
  type HolderAnswer,
  holderAnswerCodec,
  provenanceCodec,
  requestPackageCodec,
} from '@lux/ceremony/wire'
import { fromHex, sealTo, sha256Hex, wipe } from '@lux/crypto'
import { type Authorities, fheCanaryPartial, fhePartialDecrypt } from '@lux/crypto/fhe'
import { CoreError, readBounded, writeDurably } from '@lux/node-files'
import { allowedBy } from '@lux/people'
import { agreedBudgets } from '../runs/folder/budgets.ts'
import { decryptionFolder, packageFile, publicPath } from '../runs/folder/places.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { Run } from '../runs/run/run.ts'
import { budgetsOf, openShare } from './stand-in-share.ts'
import type { StandIn } from './stand-ins.ts'

const maxFile = 64 << 20

/** A stand-in holder decides as a phone would: it checks everything that it can, answers and counts. */
export async function answerAsStandIn(
  run: Run,
  standIn: StandIn,
  id: string,
  { authorities, now }: { authorities: Authorities; now: string },
): Promise<Refusal | null> {
  const { folder } = run
  const decryption = folder.state.decryptions.find((one) => one.id === id)
  const { epoch, digest, request, package: packageDigest } = decryption ?? {}
  if (!epoch || !digest || !request || !packageDigest)
    throw new CoreError('STAND-IN-ONLY', `${id} was not asked`)
  const holder = epoch.holders.indexOf(standIn.name) + 1
  const pub = readBounded(publicPath(folder, epoch.epochId), maxFile)
  const share = await openShare(folder, standIn, epoch.epochId, holder)
  try {
    const budgets = budgetsOf(share)
    const known = folder.state.budgets.find(
      (one) => one.epochId === epoch.epochId && one.name === standIn.name,
    )?.left
    const left = known ?? budgets
    const requestDigest = fromHex(digest, 32)
    const ciphertext = readBounded(join(decryptionFolder(folder, id), 'ciphertext-1.bin'), maxFile)
    const canary = folder.plan.decryptions?.find((one) => one.id === id)?.canary === true
    const spent = { at64: budgets.at64 - left.at64, at128: budgets.at128 - left.at128 }
    const given = requestPackageCodec.check(folder.readDocument(packageFile(packageDigest)))
    if (!given.ok) throw new CoreError(given.rule, given.detail)
    const provenance = given.value.provenance.map(provenanceCodec.file.encode)
    const { carrying = 'never', blockFloorBits, floorBits } = folder.policy.policy.fhe
    const agreed = agreedBudgets(folder, epoch.epochId)
    const asked = {
      share,
      pub,
      ciphertexts: [ciphertext],
      authority: { authorities, provenance, requestDigest, identity: standIn.identity },
      answered: new Set<string>(),
      spent,
      carrying,
      floors: { block: blockFloorBits, life: floorBits },
      allowed: allowedBy(folder.policy.policy),
      expected: {
        holder,
        policyHash: fromHex(folder.state.policyDigest, 32),
        ...(agreed === null ? {} : { budgets: agreed }),
      },
    }
    if (canary && answeredCanary(folder, id, epoch.epochId, standIn.name))
      throw new CoreError('REQUEST-CANARY', `${standIn.name} has answered the canary of this epoch`)
    const partial = canary ? fheCanaryPartial(asked) : fhePartialDecrypt(asked)
    if (!partial.ok) throw new CoreError(partial.rule, partial.detail)
    const sealed = await sealTo([request.combiner], partial.value.partial)
    writeDurably(join(decryptionFolder(folder, id), `answer-${holder}.age`), sealed)
    const { spends } = partial.value
    const answer: HolderAnswer = {
      v: 1,
      kind: 'holder-answer',
      domain: folder.state.domain,
      request: digest,
      keyId: epoch.keyId,
      epochId: epoch.epochId,
      holder,
      name: standIn.name,
      decision: 'approved',
      reason: '',
      sealed: sha256Hex(sealed),
      spent: spends,
      left:
        given.value.request.payload.mode === 'F'
          ? { at64: left.at64 - spends, at128: left.at128 }
          : { at64: left.at64, at128: left.at128 - spends },
      time: now,
    }
    const payload = holderAnswerCodec.signedBytes(answer)
    const signature = holderAnswerCodec.sign(standIn.identity, answer, answer.domain)
    return run.submit({ type: 'submit', what: 'holder-answer', payload, signature })
  } finally {
    wipe(share)
  }
}

function answeredCanary({ state, plan }: RunFolder, id: string, epochId: string, name: string): boolean {
  return state.decryptions.some(
    (one) =>
      one.id !== id &&
      one.epoch?.epochId === epochId &&
      plan.decryptions?.find((planned) => planned.id === one.id)?.canary === true &&
      one.answers.some((answer) => answer.name === name),
  )
}
