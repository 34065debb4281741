/** Each has its sentence in `phone.told` of resources/locales. */
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
 * A sentence for people, by its name and what stands in it: a screen says it in its own language.
 * `text` is the same in English, for a terminal. Both are raw: whoever shows them makes them safe.
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

/** By whose word a line is: of digests and signatures that were checked, of ones that were not, or of who asks. */
export type Whose = 'proved' | 'unchecked' | 'claimed'

/** A line to read before a yes. `value` is raw: whoever shows it makes it safe for the screen. `told` is the same where it has words of ours. */
export type Line = {
  readonly whose: Whose
  readonly name: string
  readonly value: string
  readonly told?: Told
  /** A digest, a key or a recipient: nobody reads it word by word. Never of what is claimed. */
  readonly print?: true
}

/** What signed bytes say, or what was checked. */
export function line(whose: Whose, name: string, value: string | Told): Line {
  return typeof value === 'string' ? { whose, name, value } : { whose, name, value: value.text, told: value }
}

/** The same of a digest, a key or a recipient. */
export const print = (whose: Exclude<Whose, 'claimed'>, name: string, value: string | Told): Line => ({
  ...line(whose, name, value),
  print: true,
})
