/** Named curves: DER of the OID for EC_PARAMS, and the length of a coordinate. */
export const curves = {
  'p-256': { crv: 'P-256', bytes: 32, oid: '06082a8648ce3d030107' },
  'p-384': { crv: 'P-384', bytes: 48, oid: '06052b81040022' },
  'p-521': { crv: 'P-521', bytes: 66, oid: '06052b81040023' },
} as const

export type CurveName = keyof typeof curves

/** Ed25519: its OID 1.3.101.112 (RFC 8410), and the PrintableString "edwards25519" of PKCS#11 3.0, which some tokens want. */
export const ed25519Params = { oid: '06032b6570', name: '130c656477617264733235353139' } as const

export const curveByParams = (der: string) => Object.values(curves).find(({ oid }) => oid === der)

export const curveByJwk = (crv: string) => Object.values(curves).find((curve) => curve.crv === crv)

/** DER OCTET STRING, as EC_POINT carries a point. Lengths to 255. */
export const octetString = (bytes: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(bytes.length < 0x80 ? [4, bytes.length] : [4, 0x81, bytes.length]), bytes])
