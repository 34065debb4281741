import { type TSchema, Type } from '../operations/schema.ts'
import type { ChangedSettings, NewSettings } from './protocol.ts'

const closed = { additionalProperties: false } as const
export const slug = Type.String({ minLength: 1, maxLength: 32 })
const address = Type.String({ minLength: 1, maxLength: 512 })
const pem = Type.String({ minLength: 1, maxLength: 16_384 })
const groupsName = Type.String({ minLength: 1, maxLength: 256 })
const scopes = Type.Array(Type.String({ pattern: '^[!#-\\[\\]-~]{1,64}$' }), { maxItems: 16 })
/** Of what a provider says of a log-in by two factors. */
const said = Type.Array(Type.String({ pattern: '^[!-~]{1,256}$' }), { minItems: 1, maxItems: 16 })
const certificates = Type.Array(pem, { minItems: 1, maxItems: 4 })
/** Of an OpenID Connect client. */
export const secret = Type.Optional(
  Type.Unsafe<string | null>(Type.String({ minLength: 1, maxLength: 1024 })),
)
const oidc = Type.Object(
  {
    kind: Type.Literal('oidc'),
    issuer: address,
    clientId: Type.String({ minLength: 1, maxLength: 256 }),
    ...{ groupsClaim: Type.Optional(groupsName), scopes: Type.Optional(scopes), ca: Type.Optional(pem) },
    ...{ acr: Type.Optional(said), amr: Type.Optional(said) },
  },
  closed,
)
const saml = Type.Object(
  {
    kind: Type.Literal('saml'),
    entityId: address,
    entryPoint: address,
    ...{ certificates, groupsAttribute: Type.Optional(groupsName), acr: Type.Optional(said) },
  },
  closed,
)
export const newSettings = Type.Unsafe<NewSettings>(Type.Union([oidc, saml]))

const perhaps = <T extends TSchema>(one: T) => Type.Optional(Type.Union([one, Type.Null()]))
export const changedSettings = Type.Unsafe<ChangedSettings>(
  Type.Object(
    {
      groupsClaim: perhaps(groupsName),
      scopes: perhaps(scopes),
      ca: perhaps(pem),
      acr: perhaps(said),
      amr: perhaps(said),
      groupsAttribute: perhaps(groupsName),
      entryPoint: Type.Optional(address),
      certificates: Type.Optional(certificates),
    },
    closed,
  ),
)
