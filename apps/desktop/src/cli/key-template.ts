import {
  type AttributeReport,
  hmacTemplate,
  type KeyTemplate,
  rootTemplate,
  sealingTemplate,
  signingTemplate,
  type Token,
  windowRootTemplate,
} from '@lux/hsm'

type Named = {
  readonly keyClass: 'secret' | 'private'
  /** Of a token with this profile. */
  readonly template: (profile: string) => KeyTemplate
  /** What a template does not say and its maker asks for. */
  readonly beside: Readonly<Record<string, string>>
}

/** The keys that stay on a token, as they are made. */
export const keyTemplates = {
  root: secret('AES', () => rootTemplate),
  'window-root': secret('AES', windowRootTemplate),
  seal: secret('AES', () => ({ ...sealingTemplate, token: true })),
  rows: secret('GENERIC_SECRET', () => hmacTemplate),
  pair: { keyClass: 'private', template: () => signingTemplate, beside: { KEY_TYPE: 'EC' } },
} as const satisfies Record<string, Named>

export type KeyTemplateName = keyof typeof keyTemplates

// Object.keys of a const object gives exactly its keys.
export const keyTemplateNames = Object.keys(keyTemplates) as KeyTemplateName[]

function secret(keyType: string, template: Named['template']) {
  return { keyClass: 'secret', template, beside: { KEY_TYPE: keyType, VALUE_LEN: '32' } } as const
}

/**
 * Every attribute that can be read, and those that the template names compared with it. A length of 0 is none: SoftHSM keeps
 * no other of a key that came in wrapped. Errors: HSM-….
 */
export async function readCompared(
  token: Pick<Token, 'readAttributes' | 'findById'>,
  key: { readonly id: string; readonly class: 'secret' | 'private' },
  name: KeyTemplateName,
  profile: string,
): Promise<AttributeReport[]> {
  const { template, beside }: Named = keyTemplates[name]
  // Refuses a key that is absent or there twice.
  const read = await token.readAttributes(key)
  const found = await token.findById(key.id, template(profile))
  const compared = found.find(({ ref }) => ref.class === key.class)?.attributes ?? []
  const done = new Set(compared.map(({ attribute }) => attribute))
  const rest = read.filter(({ attribute }) => !done.has(attribute))
  return [
    ...compared,
    ...rest.map((report): AttributeReport => {
      const expected = beside[report.attribute]
      if (expected === undefined || (report.attribute === 'VALUE_LEN' && report.actual === '0')) return report
      return { ...report, expected, ok: report.ok && report.actual === expected }
    }),
  ]
}
