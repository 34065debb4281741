/** The names of the sentences in `act.told` of resources/locales. */
export const toldNames = [
  'nobody',
  'signatures',
  'computed',
  'noise-client-key',
  'noise-public-key',
  'noise-squashing',
  'noise-client-key-reckoned',
  'noise-public-key-reckoned',
  'noise-squashing-reckoned',
  'noise-below',
  'life-below',
  'life-below-reckoned',
  'canary-below',
  'budget',
  'heartbeat',
  'challenge',
  'epoch-reshare',
  'epoch-refresh',
  'epoch-remove',
  'epoch-next',
  'epoch-dealers',
  'epoch-envelopes',
  'epoch-key',
  'epoch-ceremony-rehearsal',
  'epoch-ceremony-production',
  'epoch-opening',
  'policy-rehearsal',
  'policy-production',
  'policy-first',
  'policy-follows',
  'policy-officer',
  'policy-witness',
  'policy-approver',
  'policy-requester',
  'policy-evaluator',
  'policy-encryptor',
  'policy-combiner',
  'policy-server',
  'policy-evidence',
  'policy-vouches',
  'policy-soft-allowed',
  'policy-soft-refused',
  'policy-tool',
  'policy-algorithms',
  'policy-fhe',
  'policy-carrying',
  'policy-machine',
  'policy-phone',
  'policy-hardware',
  'policy-added',
  'policy-removed',
  'policy-oldest',
  'plan-title',
  'plan-root-made',
  'plan-root-used',
  'plan-root-spares',
  'plan-root-copied',
  'plan-root-servers',
  'plan-backup',
  'plan-keys-under',
  'plan-key-replaces',
  'plan-shares',
  'plan-binary',
  'plan-dealt',
  'plan-canary',
  'plan-decrypted',
  'plan-reshare',
  'plan-refresh',
  'plan-remove',
  'plan-heartbeat',
  'plan-recovery-check',
  'plan-recovery-drill',
  'plan-recovery-restore',
  'plan-revoked',
  'plan-next-policy',
  'plan-image',
  'plan-cosigned',
  'plan-steps',
  'plan-token-erased',
  'plan-root-destroyed',
  'plan-destroys-nothing',
  'plan-other-card',
  'plan-other-library',
  'plan-other-server',
  'claim-tokens',
  'claim-servers',
  'claim-rehearsed',
  'claim-rehearsed-before',
  'since-nothing',
  'since-first',
  'since-plan',
  'since-policy',
  'quorum-officers',
  'quorum-witnesses',
  'quorum-approvers',
  'since-epoch',
  'held-share',
  'act-answer',
  'act-spends',
  'act-final',
  'act-epoch-approve',
  'act-epoch-redeal',
  'act-epoch-receive',
  'act-epoch-live',
  'act-epoch-keep',
  'act-epoch-heartbeat',
  'act-epoch-wipes',
  'act-opening',
  'act-checkpoint',
  'act-retry',
  'act-continue',
  'act-goes-on',
  'act-exception',
  'act-decryption',
  'act-decrypted',
  'act-bundle',
  'act-bundle-for',
  'act-sealed',
  'act-override',
  'act-override-waits',
  'unchanged',
  'head',
  'decided-retry',
  'decided-continue',
  'attempt',
  'proposed',
  'no-purpose',
  'until-blocks',
  'shared-key',
  'server',
  'no-server',
  'none',
  'none-replaces',
  'replaces',
] as const

type ToldName = (typeof toldNames)[number]

/**
 * A sentence for people: its name and its values, for screens in any language. `text`: the same in English, for a terminal. Raw text:
 * whoever shows it makes it safe.
 */
export type Told = {
  readonly name: ToldName
  readonly values: Readonly<Record<string, string | number>>
  readonly text: string
}

export const told = (name: ToldName, text: string, values: Told['values'] = {}): Told => ({
  name,
  values,
  text,
})

/** How sure a line is: checked signatures and digests, unchecked ones, or a claim of the requester. */
export type Whose = 'proved' | 'unchecked' | 'claimed'

/**
 * A line to read before a yes. `value`: raw text; whoever shows it makes it safe. `told`: the same as a sentence of ours, where there is
 * one.
 */
export type Line = {
  readonly whose: Whose
  readonly name: string
  readonly value: string
  readonly told?: Told
  /** True for a digest, a key or a recipient, which nobody reads word by word. Never for a claim. */
  readonly print?: true
}

/** A line that signed bytes say, or that was checked. */
export function line(whose: Whose, name: string, value: string | Told): Line {
  return typeof value === 'string' ? { whose, name, value } : { whose, name, value: value.text, told: value }
}

/** The same for a digest, a key or a recipient. */
export const print = (whose: Exclude<Whose, 'claimed'>, name: string, value: string | Told): Line => ({
  ...line(whose, name, value),
  print: true,
})

/** Lines of the last part, beside the yes: its deadline and its cost. */
const atTheEnd: ReadonlySet<string> = new Set(['expires', 'until', 'blocks'])

/** Lines in this order: who asks, what for. Others follow. */
const first = ['requester', 'what', 'purpose', 'computed', 'answers to', 'approved by']
const rank = ({ name }: Line): number => (first.includes(name) ? first.indexOf(name) : first.length)

type SortedLines = {
  readonly proved: readonly Line[]
  /** Lines that are only claimed, or were not checked. */
  readonly claimed: readonly Line[]
  readonly decide: readonly Line[]
  /** Lines of digests, keys and recipients. */
  readonly prints: readonly Line[]
}

/** Each line goes into one of the four parts. A claim never shares one with what is proved. */
export function sortLines(lines: readonly Line[]): SortedLines {
  const sorted = lines.toSorted((a, b) => rank(a) - rank(b))
  const proved = sorted.filter(({ whose }) => whose === 'proved')
  const words = proved.filter(({ print }) => print !== true)
  return {
    proved: words.filter(({ name }) => !atTheEnd.has(name)),
    claimed: sorted.filter(({ whose }) => whose !== 'proved'),
    decide: words.filter(({ name }) => atTheEnd.has(name)),
    prints: proved.filter(({ print }) => print === true),
  }
}
