import type { Predicate } from '../predicate.ts'

/** Every blob that a predicate names. */
export function namedBlobs(predicate: Predicate): Set<string> {
  const { planHash, lock, cards, opening, checkpoints, exceptions, wrapTree, transports, fhe } = predicate
  const named: (string | null)[] = [planHash, lock, ...cards, opening, ...checkpoints.map(({ blob }) => blob)]
  named.push(...exceptions.map(({ blob }) => blob))
  for (const { blob, publicKey } of wrapTree) named.push(blob, publicKey)
  for (const { document, roots } of transports) named.push(document, ...roots.map(({ sealed }) => sealed))
  for (const { root, chain, statement } of predicate.attestations ?? [])
    named.push(root, chain, statement?.document ?? null)
  if (fhe) {
    named.push(fhe.public, fhe.compactPublicKey, fhe.serverKey, fhe.crs ?? null)
    for (const { card, acknowledgement } of fhe.holders) named.push(card, acknowledgement)
  }
  const { existing, decryptions, next } = predicate
  named.push(existing?.public ?? null)
  for (const { package: given, answers, result } of decryptions)
    named.push(given, result, ...answers.map(({ document }) => document))
  if (next) {
    named.push(next.public, next.live, ...next.approvals)
    for (const { document, correction } of next.redeals) named.push(document, correction)
    for (const { card, acknowledgement } of next.holders) named.push(card, acknowledgement)
  }
  return new Set(named.filter((digest) => digest !== null))
}
