import { join } from 'node:path'
import { encodePolicyFile, type PolicyFile, parsePolicyFile } from '@lux/ceremony/policy'
import type { HybridSignature } from '@lux/crypto'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import type { RunFolder } from './run-folder.ts'

/** The next version of the policy, with the signatures that it has so far. */
export const nextPolicyFile = 'next-policy.json'

const maxPolicy = 1 << 20

export function readNextPolicy(folder: Pick<RunFolder, 'path'>): PolicyFile {
  const parsed = parsePolicyFile(readBounded(join(folder.path, nextPolicyFile), maxPolicy))
  if (!parsed.ok) throw new ExpectedError(parsed.rule, `${nextPolicyFile}: ${parsed.detail}`)
  return parsed.value
}

export function addPolicySignature(folder: Pick<RunFolder, 'path'>, signature: HybridSignature): void {
  const { policy, signatures } = readNextPolicy(folder)
  if (signatures.some(({ signer }) => signer === signature.signer)) return
  const bytes = encodePolicyFile({ policy, signatures: [...signatures, signature] })
  writeDurably(join(folder.path, nextPolicyFile), bytes)
}
