import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodePolicyFile, policyDigest } from '@lux/ceremony/policy'
import {
  cardCodec,
  decryptionApprovalCodec,
  exceptionCodec,
  requestPackageCodec,
  type SignatureRequest,
  signatureAnswerCodec,
  signatureContext,
  signatureRequestCodec,
} from '@lux/ceremony/wire'
import {
  encodeCanonical,
  fromBase64,
  fromHex,
  sealTo,
  sha256Hex,
  signWith,
  toBase64,
  verifySignature,
} from '@lux/crypto'
import { openHeldShare } from '../../src/index.ts'
import { accepted } from './outcome.ts'
import { openingOf, requestFor, shareWorld } from './share-world.ts'

// For tests of the built app, which import no source: they run this.
//   deal-to-phone.ts deal CARD FOLDER     what a workstation hands to the holder with this card, and what it asks anybody to sign
//   deal-to-phone.ts check CARD REQUEST SIGNATURE     says "right" where it is the card's own signature on what was asked

const expiry = '2099-01-01T00:00:00.000Z'
const domain = 'production'

async function deal(cardPath: string, folder: string): Promise<void> {
  const card = accepted(cardCodec.parse(readFileSync(cardPath)))
  const world = await shareWorld(card.kind === 'holder' ? card : undefined)
  const [own, other] = [world.held[0]!, world.held[1]!]
  const envelope = await sealTo([world.holders[0]!.card.recipient ?? ''], own.content)
  const signature = signWith(
    world.ceremony,
    signatureContext('share-envelope', domain),
    fromHex(sha256Hex(envelope), 32),
  )
  // Key and epoch are the same in each share.
  const opened = accepted(openHeldShare(other, world.holders[1]!))
  const asked = (id: number, of: number) => requestFor(world, { envelope: opened }, { id, of: [of], expiry })
  const write = (name: string, files: Readonly<Record<string, Uint8Array>>): void => {
    mkdirSync(join(folder, name), { recursive: true })
    for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folder, name, file), bytes)
  }
  write('policy', { 'policy.json': encodePolicyFile(world.file) })
  write('share', {
    'holder-1.age': envelope,
    'holder-1.sig': encodeCanonical({ ...signature }),
    'opening.json': openingOf(world, own.ceremonyId),
    'public.bin': own.pub,
  })
  for (const [name, id, of] of [
    ['first', 1, 0],
    ['second', 2, 2],
  ] as const) {
    const { request, ciphertexts } = asked(id, of)
    write(name, {
      'request.json': requestPackageCodec.encode(request),
      'ciphertext.bin': ciphertexts[0]!,
    })
  }
  const head = { size: '41', node: '11'.repeat(32), root: '22'.repeat(32) }
  write('sign', {
    'decryption-approval.json': toSign(
      'decryption-approval',
      decryptionApprovalCodec.signedBytes(asked(3, 0).request.request.payload),
    ),
    'exception.json': toSign(
      'exception',
      exceptionCodec.signedBytes({
        v: 1,
        kind: 'exception-decision',
        domain,
        ceremonyId: own.ceremonyId,
        planHash: policyDigest(world.policy),
        exception: 1,
        stepId: 'deal-shares',
        attempt: 2,
        about: 'failed',
        expected: 'every share is proved',
        happened: 'one token went missing',
        decided: 'retry',
        by: 'Ada',
        reason: '',
        head,
      }),
    ),
  })
}

function toSign(what: SignatureRequest['what'], subject: Uint8Array): Uint8Array {
  const lines = ['as the room saw it']
  return signatureRequestCodec.encode({
    v: 1,
    kind: 'signature-request',
    what,
    domain,
    subject: toBase64(subject),
    lines,
  })
}

function check(cardPath: string, requestPath: string, givenPath: string): boolean {
  const { keys } = accepted(cardCodec.parse(readFileSync(cardPath)))
  const request = accepted(signatureRequestCodec.parse(readFileSync(requestPath)))
  const given = accepted(signatureAnswerCodec.parse(readFileSync(givenPath)))
  const subject = fromBase64(request.subject)
  const context = signatureContext(request.what, domain)
  return (
    given.what === request.what &&
    given.subject === sha256Hex(subject) &&
    verifySignature(keys, context, subject, given.signature).ok
  )
}

const [act, ...paths] = process.argv.slice(2)
const [first = '', second = '', third = ''] = paths
if (act === 'deal') await deal(first, second)
else process.stdout.write(check(first, second, third) ? 'right' : 'wrong')
