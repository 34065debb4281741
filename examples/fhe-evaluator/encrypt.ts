import { readFileSync, writeFileSync } from 'node:fs'
import {
  encodeCanonical,
  encodeDocument,
  exportIdentity,
  fromHex,
  generateIdentity,
  importIdentity,
  sha256Hex,
  signDocument,
} from '@lux/crypto'
import { provenMetadata } from '@lux/crypto/fhe'
import tfhe from 'node-tfhe'

// What an encryptor's program looks like: it has the public key, encrypts, and signs what it hands to the evaluator. It is
// named in the key's policy, so it is trusted to encrypt honestly. Somebody who is not proves it, under a key for proven inputs.

const USAGE = `usage:
  node encrypt.ts enrol NAME production|rehearsal KEY CARD
  node encrypt.ts encrypt KEY DOMAIN KEY-ID PUBLIC-KEY OUT VALUE...
  node encrypt.ts prove CRS SUBMITTER KEY-ID PUBLIC-KEY OUT VALUE...

VALUE is u8:7, u64:12345, i64:-5 or bool:true. encrypt writes OUT, a packed compact list, and OUT.signed.json. prove writes OUT,
a proven compact list: 6 to 9 s. CRS and PUBLIC-KEY are files of the key's bundle.
`

/** The same in the evaluator: src/admission.rs. */
const INPUT_CONTEXT = 'lux-fhe/v1/input'
const SIZE_LIMIT = 1n << 30n

function enrol(name: string, domain: string, key: string, card: string): void {
  const identity = generateIdentity({ bytes: (n) => crypto.getRandomValues(new Uint8Array(n)) }, [
    'ed25519',
    'mlDsa65',
  ])
  writeFileSync(key, exportIdentity(identity), { mode: 0o600, flag: 'wx' })
  writeFileSync(
    card,
    encodeCanonical({ v: 1, kind: 'encryptor', domain, name, keys: { ...identity.keys } }),
    {
      flag: 'wx',
    },
  )
  process.stdout.write(`${identity.id}\n`)
}

function encrypt(
  key: string,
  domain: string,
  keyId: string,
  publicKey: string,
  out: string,
  values: string[],
): void {
  const encryptionKey = tfhe.TfheCompactPublicKey.safe_deserialize(readFileSync(publicKey), SIZE_LIMIT)
  const builder = tfhe.CompactCiphertextList.builder(encryptionKey)
  for (const value of values) push(builder, value)
  const list = builder.build_packed().safe_serialize(SIZE_LIMIT)
  const statement = { v: 1, domain, keyId, digest: sha256Hex(list), time: new Date().toISOString() }
  const document = signDocument([importIdentity(readFileSync(key))], INPUT_CONTEXT, statement)
  writeFileSync(out, list, { flag: 'wx' })
  writeFileSync(`${out}.signed.json`, encodeDocument(document), { flag: 'wx' })
}

/** A proof is bound to key and submitter: nobody else can hand it in. */
function prove(
  crs: string,
  submitter: string,
  keyId: string,
  publicKey: string,
  out: string,
  values: string[],
): void {
  const encryptionKey = tfhe.TfheCompactPublicKey.safe_deserialize(readFileSync(publicKey), SIZE_LIMIT)
  const reference = tfhe.CompactPkeCrs.safe_deserialize(readFileSync(crs), SIZE_LIMIT)
  const builder = tfhe.ProvenCompactCiphertextList.builder(encryptionKey)
  for (const value of values) push(builder, value)
  const metadata = provenMetadata(fromHex(keyId, 32), submitter)
  const list = builder.build_with_proof_packed(reference, metadata, tfhe.ZkComputeLoad.Proof)
  writeFileSync(out, list.safe_serialize(SIZE_LIMIT), { flag: 'wx' })
}

/** Least and most of each type: tfhe itself takes the low bits of what does not fit, and encrypts another number. */
const RANGES = {
  u8: [0n, (1n << 8n) - 1n],
  u64: [0n, (1n << 64n) - 1n],
  i64: [-(1n << 63n), (1n << 63n) - 1n],
} as const

function push(builder: tfhe.CompactCiphertextListBuilder, value: string): void {
  const [kind = '', text = '', more] = value.split(':')
  if (more !== undefined) throw unreadable(value)
  if (kind === 'u8') builder.push_u8(Number(number(kind, text, value)))
  else if (kind === 'u64') builder.push_u64(number(kind, text, value))
  else if (kind === 'i64') builder.push_i64(number(kind, text, value))
  else if (kind === 'bool' && (text === 'true' || text === 'false')) builder.push_boolean(text === 'true')
  else throw unreadable(value)
}

function number(kind: keyof typeof RANGES, text: string, value: string): bigint {
  if (!/^-?\d{1,20}$/.test(text)) throw unreadable(value)
  const [least, most] = RANGES[kind]
  const read = BigInt(text)
  if (read < least || read > most)
    throw new RangeError(
      `${value}: ${kind} holds ${least} to ${most}, and another number would be encrypted; choose a wider type`,
    )
  return read
}

function unreadable(value: string): RangeError {
  return new RangeError(
    `${value}: not a value; write u8:7, u64:12345, i64:-5 or bool:true, in decimal digits`,
  )
}

const [command, ...words] = process.argv.slice(2)
const [first, second, third, fourth, fifth, ...rest] = words
if (command === 'enrol' && first && second && third && fourth && words.length === 4) {
  enrol(first, second, third, fourth)
} else if (command === 'encrypt' && first && second && third && fourth && fifth && rest.length > 0) {
  encrypt(first, second, third, fourth, fifth, rest)
} else if (command === 'prove' && first && second && third && fourth && fifth && rest.length > 0) {
  prove(first, second, third, fourth, fifth, rest)
} else {
  process.stderr.write(USAGE)
  process.exitCode = 2
}
