import { enumerations, type NameOf } from '../codec/enumerations.ts'
import { getAttributeList, getAttributes } from './attributes.ts'
import { decrypt, encrypt } from './encrypt-decrypt.ts'
import { get } from './get.ts'
import { locate } from './locate.ts'
import type { Operation } from './operation.ts'
import { discoverVersions, query } from './query.ts'

/** Every operation that is answered. What is not here is refused as not supported. */
const operations: { readonly [Name in NameOf<'Operation'>]?: Operation } = {
  Locate: locate,
  Get: get,
  GetAttributes: getAttributes,
  GetAttributeList: getAttributeList,
  // `Get` refuses whatever it is asked: nobody is told that it is served.
  Query: query(() =>
    Object.entries(operations).flatMap(([name, { since }]) =>
      // Object.entries gives what the table has.
      name === 'Get' ? [] : [{ name: name as NameOf<'Operation'>, since }],
    ),
  ),
  DiscoverVersions: discoverVersions,
  Encrypt: encrypt,
  Decrypt: decrypt,
}

const byCode: ReadonlyMap<number, Operation> = new Map(
  Object.entries(operations).map(([name, operation]) => [
    // Object.entries gives what the table has.
    enumerations.Operation[name as NameOf<'Operation'>],
    operation,
  ]),
)

export const findOperation = (code: number): Operation | null => byCode.get(code) ?? null
