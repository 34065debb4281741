import { join } from 'node:path'
import { fromHex, openWith, sealTo, wipe } from '@lux/crypto'
import { forgetShare, parseShare, parseShareEnvelope, redealShare, verifyShare } from '@lux/crypto/fhe'
import { CoreError, readBounded } from '@lux/node-files'
import { systemEntropy } from '../system.ts'
import { writeFact } from './make-key.ts'
import type { Phases } from './phases.ts'
import type { Redeal, RedealResult } from './protocol.ts'

const MAX_FILE = 64 << 20

/**
 * A stand-in's part of a next epoch, in a process that ends with its seeds: opens the share, deals it again, seals the
 * fresh seeds and publishes the correction. Throws CoreError FHE-….
 */
export async function redealForStandIn(
  { share: path, identity, pub: publicPath, dealers, to, planHash, recipients, outDir }: Redeal['params'],
  phases: Phases,
): Promise<Omit<RedealResult, 'timings' | 'peakMemoryMiB'>> {
  const opened = await openWith(identity, readBounded(path, MAX_FILE))
  const share = await phases.run('deal', 1, () => {
    const bytes = shareOf(opened)
    const verified = verifyShare(bytes, readBounded(publicPath, MAX_FILE))
    wipe(bytes)
    if (!verified.ok) throw new CoreError(verified.rule, verified.detail)
    const plan = fromHex(planHash, 32)
    const dealt = redealShare({
      verified: verified.value,
      dealers,
      to,
      planHash: plan,
      entropy: systemEntropy,
    })
    forgetShare(verified.value.share)
    if (!dealt.ok) throw new CoreError(dealt.rule, dealt.detail)
    return { holder: verified.value.share.header.holder, ...dealt.value }
  })
  const sealed = await phases.run('seal', 1, () =>
    Promise.all(
      share.seedFiles.map(async (file, at) => {
        try {
          return await sealTo([recipients[at] ?? ''], file)
        } finally {
          wipe(file)
        }
      }),
    ),
  )
  return phases.run('write', 1, () => ({
    correction: writeFact(join(outDir, `correction-${share.holder}.bin`), share.correction),
    envelopes: sealed.map((envelope, at) =>
      writeFact(join(outDir, `dealer-${share.holder}-holder-${at + 1}.age`), envelope),
    ),
  }))
}

/** The share alone; what it came in is wiped. */
function shareOf(opened: Uint8Array): Uint8Array {
  try {
    return shareIn(opened)
  } finally {
    wipe(opened)
  }
}

/** A share as it was dealt, inside its envelope, or as a holder put it together, by itself. */
export function shareIn(opened: Uint8Array): Uint8Array {
  // `lux-shr1` begins a bare share.
  if (opened[4] === 0x73 && opened[5] === 0x68) {
    forgetShare(parseShare(opened))
    return opened.slice()
  }
  const { share, shareBytes } = parseShareEnvelope(opened)
  forgetShare(share)
  return shareBytes
}
