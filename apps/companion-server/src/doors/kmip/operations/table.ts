import { enumerations, type NameOf } from '../codec/enumerations.ts'
import { getAttributeList, getAttributes } from './attributes.ts'
import { addAttribute, deleteAttribute, modifyAttribute, setAttribute } from './change-attributes.ts'
import { create, createKeyPair, register } from './create.ts'
import { decrypt, encrypt } from './encrypt-decrypt.ts'
import { get } from './get.ts'
import { activate, destroy, rekey, rekeyKeyPair, revoke } from './lifecycle.ts'
import { locate } from './locate.ts'
import type { Operation } from './operation.ts'
import { discoverVersions, query } from './query.ts'
import { rngRetrieve, rngSeed } from './random.ts'
import { mac, macVerify, sign, signatureVerify } from './sign-mac.ts'

/** Every operation that is answered. What is not here is refused as not supported. */
const operations: { readonly [Name in NameOf<'Operation'>]?: Operation } = {
  Create: create,
  CreateKeyPair: createKeyPair,
  Register: register,
  ReKey: rekey,
  Locate: locate,
  Get: get,
  GetAttributes: getAttributes,
  GetAttributeList: getAttributeList,
  AddAttribute: addAttribute,
  ModifyAttribute: modifyAttribute,
  DeleteAttribute: deleteAttribute,
  SetAttribute: setAttribute,
  Activate: activate,
  Revoke: revoke,
  Destroy: destroy,
  Query: query(() =>
    Object.entries(operations).map(([name, { since }]) => ({
      // Object.entries gives what the table has.
      name: name as NameOf<'Operation'>,
      since,
    })),
  ),
  ReKeyKeyPair: rekeyKeyPair,
  DiscoverVersions: discoverVersions,
  Encrypt: encrypt,
  Decrypt: decrypt,
  Sign: sign,
  SignatureVerify: signatureVerify,
  MAC: mac,
  MACVerify: macVerify,
  RNGRetrieve: rngRetrieve,
  RNGSeed: rngSeed,
}

const byCode: ReadonlyMap<number, Operation> = new Map(
  Object.entries(operations).map(([name, operation]) => [
    // Object.entries gives what the table has.
    enumerations.Operation[name as NameOf<'Operation'>],
    operation,
  ]),
)

export const findOperation = (code: number): Operation | null => byCode.get(code) ?? null
