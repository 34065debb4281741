import { type ShownAct, signatureAnswerCodec } from '@lux/ceremony/wire'
import { ExpectedError, writeInFolder } from '@lux/node-files'
import { entryLines, explainRequest, prepareSignature, shownOf, signAnswer, signingOf } from '@lux/people'
import type { InputOf, RunView } from '../../../contract/index.ts'
import { signatureRequest } from '../../runs/exchange/outbox.ts'
import type { Run } from '../../runs/run/run.ts'
import { systemClock } from '../../system.ts'
import { memoryBeside, openKeyFile, readMemory } from '../../use-cases/key-file.ts'
import { asAsked, takeFile } from '../../use-cases/paused.ts'
import { receiveHere } from '../../use-cases/share-file.ts'
import { needed, refuse } from '../shared/needed.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { mustBeShown, subjectOf } from '../shared/subject.ts'
import { mustBeSame, shown } from './ceremonies.ts'

/** What is signed now; null where nothing is. */
function askedOf(run: Run) {
  const seen = asAsked(run)
  const { needs } = seen
  return needs?.kind === 'signatures' ? signatureRequest(run.folder, seen, needs) : null
}

export function toSign(
  parts: ServiceContext,
  { id, name }: InputOf<'ceremonies.toSign'>,
): { shown: ShownAct | null; digest: string } {
  const { run } = parts.runs.get(id)
  const request = askedOf(run)
  if (request === null) return { shown: null, digest: '' }
  const known = { policies: [run.folder.policy.policy], plan: null }
  const fresh = request.what === 'checkpoint' ? sinceCosigned(run, name) : []
  return {
    shown: shownOf(request, needed(explainRequest(request, known)), fresh),
    digest: subjectOf(request),
  }
}

/** The lines of each entry under the checkpoint that waits, from the last one that this person cosigned in this run. */
function sinceCosigned({ folder }: Pick<Run, 'folder'>, name: string): (readonly string[])[] {
  const { checkpoints } = folder.state
  const end = Number(checkpoints.at(-1)?.size ?? 0)
  const theirs = checkpoints.filter(({ cosigned }) => cosigned.some((one) => one.name === name))
  const seen = theirs.map(({ size }) => Number(size))
  const from = Math.max(0, ...seen)
  return [...folder.entries(from)].slice(0, end - from).map((one) => entryLines([one]))
}

/** A person without a device signs with their own key file, in this window, what it showed. Errors: SIGN-OTHER, KEY-…, REQUEST-…, COSIGN-…, SUBMIT-…. */
export async function signHere(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.signHere'>,
): Promise<RunView> {
  const { run, standIns } = parts.runs.get(asked.id)
  mustBeSame(parts, run)
  const file = parts.paths.read(asked.key)
  const key = await openKeyFile(file, asked.passphrase)
  try {
    if (key.card.name !== asked.name) throw otherKey(key.card.name, asked.name)
    const request = askedOf(run)
    if (request === null) throw new ExpectedError('SETUP-EARLY', 'nobody is asked to sign anything now')
    mustBeShown(subjectOf(request), asked.shown)
    const cosigns = request.what === 'checkpoint'
    const memory = memoryBeside(file)
    const signing = needed(signingOf(key.card.kind, request))
    const remembered = cosigns ? readMemory(memory) : {}
    const prepared = needed(prepareSignature(signing, key, remembered, systemClock.now()))
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

/** Receives and proves a share at the step that waits for its holder. Errors: KEY-…, SHARE-RECEIVED, FHE-…, SUBMIT-…. */
export async function holdHere(
  parts: ServiceContext,
  asked: InputOf<'ceremonies.holdHere'>,
): Promise<RunView> {
  const { run, standIns } = parts.runs.get(asked.id)
  mustBeSame(parts, run)
  const { needs } = asAsked(run)
  const share = run.folder.state.fhe?.shares.find(({ holder }) => holder === asked.name)
  if (needs?.kind !== 'acknowledgements' || needs.next || share === undefined)
    throw new ExpectedError('SETUP-EARLY', 'no share of this run is to be proved now')
  const keyFile = parts.paths.read(asked.key)
  const key = await openKeyFile(keyFile, asked.passphrase)
  try {
    if (key.card.name !== asked.name) throw otherKey(key.card.name, asked.name)
    const out = parts.paths.write(asked.out)
    const { passphrase: words } = asked
    const proof = await receiveHere(run.folder.path, share.index, { key, keyFile, passphrase: words, out })
    refuse(takeFile(run, proof, null, standIns.length > 0, true))
  } finally {
    key.identity.secret.wipe()
  }
  return shown(parts, asked.id)
}

export function otherKey(has: string, wanted: string): ExpectedError {
  return new ExpectedError('KEY-OF-OTHER', `it is the key of ${has}, not of ${wanted}`)
}
