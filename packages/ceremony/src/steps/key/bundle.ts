import { fromBase64, fromHex, lp, sha256Hex, utf8 } from '@lux/crypto'
import { levels, type WrapNode } from '../../bundle/predicate.ts'
import { fits, isWrapMechanism, member, type Recorded, same } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { ceremonyKeyId } from '../../plan/queries.ts'
import { showsMade } from '../facts.ts'
import { placeFault } from '../token/bundle.ts'

/** Every key of the manifest was made in a step of the plan, in that step's token, and reads as it was read there. */
export function evidenceFault(v: Verification, recorded: readonly Recorded[]): string | null {
  for (const evidence of v.predicate.keyEvidence) {
    const { id, level } = evidence
    const key = level === ceremonyKeyId ? undefined : id
    const made = recorded.find(({ step }) => showsMade(step) && step.key === key)
    if (made === undefined) return `${id}: no step of the plan makes it`
    const place = placeFault(v, made.step, evidence)
    if (place !== null) return `${id}: ${place}`
    const attested = recorded.find(({ step }) => step.do === 'attest' && step.key === key)
    const read = member(made.result, 'evidence')
    const own = { ckaId: evidence.ckaId, label: evidence.label, attributes: evidence.attributes }
    if (made.result !== null && member(read, 'ckaId') !== evidence.ckaId)
      return `${id}: the transcript has another CKA_ID`
    // What was read when somebody vouched for the key counts, not what was read when it was made.
    const { result } = attested ?? made
    if (result !== null && !same(member(result, 'evidence'), { ...own, level: evidence.evidence }))
      return `${id}: the transcript has other evidence`
    if (level !== ceremonyKeyId || made.result === null) continue
    if (!same(member(made.result, 'keys'), { ...v.certificate.ceremonyKeys }))
      return 'the transcript has another ceremony key'
  }
  return null
}

/** Wrapped keys, public halves, and the roots for servers. A root of before is wrapped to nobody here. */
export function treeFault(v: Verification, recorded: readonly Recorded[]): string | null {
  const { predicate, transports } = v
  for (const { id, level, root, blob, mechanism, publicKey } of predicate.wrapTree) {
    const made = recorded.find(({ step }) => showsMade(step) && step.key === id)
    const sent = predicate.transports.map(({ roots }) => roots.filter((one) => one.id === id))
    if (made === undefined) {
      if (root === null || root.born === predicate.ceremonyId) return `${id}: no step of the plan makes it`
      if (sent.flat().length > 0) return `${id}: the transcript wraps it to no server`
    } else if (made.result === null) continue
    else if (level === 'root') {
      if (!isWrapMechanism(member(made.result, 'mechanism')))
        return `${id}: made to wrap by another mechanism`
      const blobs = member(made.result, 'blobs')
      const listed = Array.isArray(blobs) ? blobs : []
      const serials = transports.map(({ payload }) => payload.serial)
      const strange = listed.some((one) => !serials.some((serial) => serial === member(one, 'serial')))
      const fits = sent.every((roots, index) => {
        const own = listed.filter((one) => member(one, 'serial') === serials[index])
        const wrapped = roots.map((one) => ({
          serial: serials[index] ?? '',
          wrapped: one.wrapped,
          sealed: one.sealed,
        }))
        return same(own, wrapped)
      })
      if (strange || !fits) return `${id}: the transcript has it wrapped for others, or otherwise`
      const fault = windowFault(v, made)
      if (fault !== null) return `${id}: ${fault}`
    } else {
      const { result } = made
      const said = { wrapped: member(result, 'wrapped'), mechanism: member(result, 'mechanism') }
      if (!same({ ...said, publicKey: member(result, 'publicKey') }, { wrapped: blob, mechanism, publicKey }))
        return `${id}: the transcript has another wrapped or public key`
    }
  }
  return null
}

/**
 * Refuses a root that was wrapped to a key which nobody planned. It goes to the plan's spares, each by a pair of its own token, to the
 * bundle's servers, and to the pair of its backup. Bundles of version 1 have no spares, and their makers compared the trusted keys alone.
 */
function windowFault(v: Verification, { step, result }: Recorded): string | null {
  if (v.predicate.v === 1) return null
  const planned = required(v.plan).keys.find(({ id }) => id === step.key)?.spares ?? []
  const listed = member(result, 'spares')
  const spares = Array.isArray(listed) ? listed : []
  const serialOf = (role: string) =>
    v.certificate.tokenSerials[v.run.header.tokens.findIndex((token) => token.role === role)]
  const places = spares.map((one) => [member(one, 'token'), member(one, 'serial')])
  if (
    !same(
      places,
      planned.map((role) => [role, serialOf(role) ?? null]),
    )
  )
    return 'the transcript has it wrapped for other spares'
  const servers = member(result, 'blobs')
  const open = (Array.isArray(servers) ? servers : []).map((one) => member(one, 'serial'))
  const keys = v.transports
    .filter(({ payload }) => open.includes(payload.serial))
    .map(({ payload }) => sha256Hex(fromBase64(payload.transportKey)))
  const backups = (v.predicate.backups ?? []).filter(({ id }) => id === step.key)
  const allowed = [
    ...keys,
    ...spares.map((one) => String(member(one, 'publicKey'))),
    ...backups.map(({ publicKey }) => publicKey),
  ].sort()
  const trusted = member(result, 'trusted')
  const found = (Array.isArray(trusted) ? trusted : []).map(String).sort()
  return same(found, allowed) ? null : 'the transcript has other keys trusted than those of its destinations'
}

export function proofsFault({ predicate }: Verification, recorded: readonly Recorded[]): string | null {
  for (const { id, mechanism, digest } of predicate.possession) {
    const proofs = recorded.filter(({ step }) => step.do === 'prove-possession' && step.key === id)
    if (proofs.length === 0) return `${id}: no step of the plan proves it`
    for (const { result } of proofs)
      if (result !== null && !fits(result, { mechanism, digest }))
        return `${id}: the transcript has another proof`
  }
  return null
}

export function checkTree({ predicate: { wrapTree } }: Verification): Outcome<string> {
  const byId = new Map<string, WrapNode>()
  for (const node of wrapTree) {
    const wrong = (what: string) => refuse('WRAP-TREE', `${node.id}: ${what}`)
    if (byId.has(node.id)) return wrong('is there twice')
    const isRoot = node.level === 'root'
    if (isRoot !== (node.parent === null)) return wrong('exactly a root has no parent')
    if (isRoot !== (node.root !== null)) return wrong('exactly a root has a root id')
    if (isRoot !== (node.blob === null)) return wrong('exactly a root has no wrapped blob of its own')
    if (isRoot !== (node.mechanism === null)) return wrong('exactly a root has no wrapping mechanism')
    if (!isRoot && !isWrapMechanism(node.mechanism)) return wrong(`it is wrapped by ${node.mechanism}`)
    if (node.parent !== null) {
      // Parents come first, so there can be no loop.
      const parent = byId.get(node.parent)
      if (parent === undefined) return wrong('its parent does not stand before it')
      if (levels.indexOf(parent.level) + 1 !== levels.indexOf(node.level)) {
        return wrong(`a key of level ${node.level} hangs under one of level ${parent.level}`)
      }
    }
    if (node.publicKey !== null && node.level !== 'data') return wrong('only a data key has a public half')
    byId.set(node.id, node)
  }
  const blobs = wrapTree.flatMap(({ blob }) => (blob === null ? [] : [blob]))
  if (new Set(blobs).size !== blobs.length) return refuse('WRAP-TREE', 'two keys share one wrapped blob')
  return accept(`${wrapTree.length} keys`)
}

/** SHA-256("lux-custody/possession/v1" || lp(ceremonyId of the root's birth) || rootId), hex. */
export function possessionChallengeOf({ rootId, born }: NonNullable<WrapNode['root']>): string {
  return sha256Hex(utf8('lux-custody/possession/v1'), lp(fromHex(born, 16)), fromHex(rootId, 16))
}

/** Every root has a proof; any KEK below may have one too, over the challenge of the root that it hangs from. */
export function checkPossession({ predicate: { wrapTree, possession } }: Verification): Outcome<string> {
  for (const { id } of wrapTree.filter(({ level }) => level === 'root')) {
    if (!possession.some((proof) => proof.id === id)) return refuse('POSSESSION', `${id} has no proof`)
  }
  const seen = new Set<string>()
  for (const { id, challenge, mechanism } of possession) {
    const node = wrapTree.find((one) => one.id === id)
    if (node === undefined || node.level === 'data' || seen.has(id)) {
      return refuse('POSSESSION', 'a proof is of no key encryption key, or there twice')
    }
    seen.add(id)
    if (!isWrapMechanism(mechanism)) return refuse('POSSESSION', `${id}: proved by ${mechanism}`)
    const root = rootAbove(wrapTree, node)
    if (root === null || challenge !== possessionChallengeOf(root)) {
      return refuse('POSSESSION', `${id}: another challenge`)
    }
  }
  return accept(`${possession.length} proofs`)
}

/** The root's birth that a key hangs from. WRAP-TREE has proved that every parent is there and one level up. */
function rootAbove(wrapTree: readonly WrapNode[], node: WrapNode): WrapNode['root'] {
  let at: WrapNode | undefined = node
  while (at !== undefined && at.level !== 'root') {
    const { parent }: WrapNode = at
    at = wrapTree.find(({ id }) => id === parent)
  }
  return at?.root ?? null
}
