import type { ScriptView } from '../../contract/index.ts'

export const purposes = ['begin', 'keep', 'change', 'end'] as const
export type Purpose = (typeof purposes)[number]

/** Every script that is shipped, by what somebody wants; the first of each is what most people want. */
export const byPurpose: { readonly [P in Purpose]: readonly string[] } = {
  begin: [
    ...['root-several', 'root-backup', 'root-kek', 'first-run', 'key-hierarchy', 'root-vendor'],
    ...['attested-root', 'threshold-fhe', 'token-initialisation'],
  ],
  keep: [
    ...['share-check', 'holder-heartbeat', 'restore-drill', 'root-restore', 'replicate-root'],
    ...['threshold-decryption', 'fhe-life'],
  ],
  change: ['officer-change', 'kek-rotation', 'kek-rotation-backup', 'resharing'],
  end: ['revocation', 'decommission'],
}

/** What nobody brings back afterwards. */
export const destroying: ReadonlySet<Purpose> = new Set(['end'])

/** Scripts under their purposes, in that order; those of people's own stand apart. */
export function grouped(
  all: readonly ScriptView[],
): { readonly purpose: Purpose | 'own'; readonly scripts: readonly ScriptView[] }[] {
  const known = purposes.map((purpose) => ({
    purpose,
    scripts: byPurpose[purpose].flatMap((id) => all.filter((one) => one.id === id)),
  }))
  const placed = new Set(known.flatMap(({ scripts }) => scripts.map(({ id }) => id)))
  const own = { purpose: 'own' as const, scripts: all.filter(({ id }) => !placed.has(id)) }
  return [...known, own].filter(({ scripts }) => scripts.length > 0)
}
