import type { Verification } from '../bundle/verification.ts'
import { exceptionCodec } from '../documents/ceremony/exception.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import type { SignerGroup } from '../documents/format/signatures.ts'

/** The decided exceptions in the bundle are those of the transcript: the same number, order, step and document. */
export async function checkExceptions(v: Verification): Promise<Outcome<string>> {
  const { exceptions, ceremonyId, planHash, domain } = v.predicate
  const { decided, opened } = v.run
  if (opened !== decided.length)
    return wrong(`${opened} were opened in the transcript, ${decided.length} decided`)
  if (exceptions.length !== decided.length)
    return wrong(`${exceptions.length} decisions, the transcript has ${decided.length}`)
  for (const [index, { id, blob, size }] of exceptions.entries()) {
    const parsed = await v.parsed(blob, exceptionCodec.file)
    if (!parsed.ok) return wrong(parsed.detail)
    const { payload } = parsed.value
    const at = decided[index]
    const place = `decision ${id}`
    if (id !== index + 1 || payload.exception !== id) return wrong(`${place}: out of order`)
    if (payload.ceremonyId !== ceremonyId || payload.planHash !== planHash || payload.domain !== domain)
      return wrong(`${place}: of another run`)
    if (payload.stepId !== at?.stepId) return wrong(`${place}: of another step than in the transcript`)
    const document = exceptionCodec.payload.digest(payload)
    if (at.document !== null && at.document !== document)
      return wrong(`${place}: the transcript names another document`)
    const head = v.run.heads.get(size)
    const same =
      head !== undefined &&
      payload.head.size === size &&
      head.node === payload.head.node &&
      head.root === payload.head.root
    if (!same || Number(size) >= at.seq) return wrong(`${place}: the head is not of this transcript`)
    v.exceptions.push(parsed.value)
  }
  return accept(`${exceptions.length} exceptions`)
}

/** Every decision carries the officers' quorum and nobody else's signature. */
export function checkExceptionSignatures(v: Verification, officers: SignerGroup): Outcome<string> {
  for (const document of v.exceptions) {
    const signed = exceptionCodec.verify(document, v.predicate.domain, [officers])
    if (!signed.ok)
      return refuse('EXCEPTION-SIGNATURES', `decision ${document.payload.exception}: ${signed.detail}`)
  }
  return accept(`${v.exceptions.length} exceptions`)
}

function wrong(detail: string): Outcome<never> {
  return refuse('EXCEPTIONS', detail)
}
