import { Type } from '../../operations/schema.ts'

const closed = { additionalProperties: false } as const
const bytes = (most: number) => Type.String({ pattern: '^[A-Za-z0-9_-]*$', maxLength: most })
const id = Type.String({ pattern: '^[A-Za-z0-9_-]+$', maxLength: 1400 })
const common = {
  id,
  rawId: id,
  type: Type.Literal('public-key'),
  authenticatorAttachment: Type.Optional(
    Type.Union([Type.Literal('platform'), Type.Literal('cross-platform')]),
  ),
  // What extensions say is read by nobody.
  clientExtensionResults: Type.Object({}, { additionalProperties: true, maxProperties: 16 }),
}

/** As a browser's `PublicKeyCredential.toJSON()` gives it after `navigator.credentials.create`. */
export const registration = Type.Object(
  {
    ...common,
    response: Type.Object(
      {
        clientDataJSON: bytes(4096),
        attestationObject: bytes(16_384),
        authenticatorData: Type.Optional(bytes(4096)),
        transports: Type.Optional(
          Type.Array(
            Type.Union(
              (['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const).map((one) =>
                Type.Literal(one),
              ),
            ),
            { maxItems: 8 },
          ),
        ),
        publicKey: Type.Optional(bytes(4096)),
        publicKeyAlgorithm: Type.Optional(Type.Integer()),
      },
      closed,
    ),
  },
  closed,
)

/** As it gives it after `navigator.credentials.get`. */
const assertion = Type.Object(
  {
    ...common,
    response: Type.Object(
      {
        clientDataJSON: bytes(4096),
        authenticatorData: bytes(4096),
        signature: bytes(2048),
        userHandle: Type.Optional(bytes(128)),
      },
      closed,
    ),
  },
  closed,
)

export const username = Type.String({ minLength: 1, maxLength: 64 })
export const password = Type.String({ minLength: 1, maxLength: 256 })
const nameAndPassword = { username, password }

export const totp = Type.String({ pattern: '^[0-9]{6}$' })

/** One second factor. */
export const secondFactor = Type.Union([Type.Object({ totp }, closed), Type.Object({ assertion }, closed)])

/** Password and one second factor. */
export const personLogIn = Type.Union([
  Type.Object({ ...nameAndPassword, totp }, closed),
  Type.Object({ ...nameAndPassword, assertion }, closed),
])
