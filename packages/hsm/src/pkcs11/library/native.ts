import { decode, proto } from 'koffi'
import type { LibraryInfo } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { attempt, check } from './errors.ts'
import { type Native, openFunctionList } from './function-list.ts'

/** Positions in CK_FUNCTION_LIST (2.40 section 6.1) and, from 68 on, CK_FUNCTION_LIST_3_0; the order is part of the standard. */
const positions = {
  C_InitToken: 9,
  C_InitPIN: 10,
  C_SetPIN: 11,
  C_Login: 18,
  C_CreateObject: 20,
  C_CopyObject: 21,
  C_GetAttributeValue: 24,
  C_SetAttributeValue: 25,
  C_FindObjectsInit: 26,
  C_EncryptInit: 29,
  C_Encrypt: 30,
  C_DecryptInit: 33,
  C_Decrypt: 34,
  C_SignInit: 42,
  C_Sign: 43,
  C_GenerateKey: 58,
  C_GenerateKeyPair: 59,
  C_WrapKey: 60,
  C_UnwrapKey: 61,
  C_DeriveKey: 62,
  C_LoginUser: 70,
  C_SessionCancel: 71,
} as const

type NativeName = keyof typeof positions

const modern: readonly NativeName[] = ['C_LoginUser', 'C_SessionCancel']

const signatures: Readonly<Record<NativeName, readonly string[]>> = {
  C_InitToken: ['ulong', 'void *', 'ulong', 'void *'],
  C_InitPIN: ['ulong', 'void *', 'ulong'],
  C_SetPIN: ['ulong', 'void *', 'ulong', 'void *', 'ulong'],
  C_Login: ['ulong', 'ulong', 'void *', 'ulong'],
  C_CreateObject: ['ulong', 'void *', 'ulong', 'void *'],
  C_CopyObject: ['ulong', 'ulong', 'void *', 'ulong', 'void *'],
  C_GetAttributeValue: ['ulong', 'ulong', 'void *', 'ulong'],
  C_SetAttributeValue: ['ulong', 'ulong', 'void *', 'ulong'],
  C_FindObjectsInit: ['ulong', 'void *', 'ulong'],
  C_EncryptInit: ['ulong', 'void *', 'ulong'],
  C_Encrypt: ['ulong', 'void *', 'ulong', 'void *', 'void *'],
  C_DecryptInit: ['ulong', 'void *', 'ulong'],
  C_Decrypt: ['ulong', 'void *', 'ulong', 'void *', 'void *'],
  C_SignInit: ['ulong', 'void *', 'ulong'],
  C_Sign: ['ulong', 'void *', 'ulong', 'void *', 'void *'],
  C_GenerateKey: ['ulong', 'void *', 'void *', 'ulong', 'void *'],
  C_GenerateKeyPair: ['ulong', 'void *', 'void *', 'ulong', 'void *', 'ulong', 'void *', 'void *'],
  C_WrapKey: ['ulong', 'void *', 'ulong', 'ulong', 'void *', 'void *'],
  C_UnwrapKey: ['ulong', 'void *', 'ulong', 'void *', 'ulong', 'void *', 'ulong', 'void *'],
  C_DeriveKey: ['ulong', 'void *', 'ulong', 'void *', 'ulong', 'void *'],
  C_LoginUser: ['ulong', 'ulong', 'void *', 'ulong', 'void *', 'ulong'],
  C_SessionCancel: ['ulong', 'ulong'],
}

const classicLength = 68
const modernLength = 92
const maxInterfaces = 64
const interfaceSize = 24

type Interface = LibraryInfo['interfaces'][number] & { readonly at: bigint }

/**
 * Functions that we call without pkcs11js: PINs as bytes, nested templates, PKCS#11 3.0, and signing and encrypting. Half of pkcs11js’s
 * time for these would be the cost of crossing between two processes.
 */
export class NativeFunctions {
  readonly interfaces: LibraryInfo['interfaces']
  readonly #functions = new Map<NativeName, Native>()

  constructor(path: string) {
    const { list: at, interfaces: getInterfaces } = openFunctionList(path)
    // koffi decodes an array of 'uint8' to numbers.
    const [major = 0, minor = 0] = Array.from(decode(at, 'uint8', 2) as ArrayLike<number>)
    requireKnownCryptoki(path, { major, minor }, 'its function list')
    this.#take(at, classicLength)
    const interfaces = getInterfaces === null ? [] : readInterfaces(getInterfaces)
    this.interfaces = interfaces.map(({ name, version }) => ({ name, version }))
    const best = interfaces.find(({ name, version }) => name === 'PKCS 11' && version.startsWith('3.'))
    // p11-kit gives each interface an instance of its own too: only what is started is called.
    if (
      best &&
      pointersAt(best.at, modernLength)[positions.C_Login] ===
        pointersAt(at, classicLength)[positions.C_Login]
    )
      this.#take(best.at, modernLength)
  }

  get modernFunctions(): LibraryInfo['modernFunctions'] {
    // `modern` lists exactly the names that LibraryInfo does.
    return modern.filter((name) => this.#functions.has(name)) as unknown as LibraryInfo['modernFunctions']
  }

  has(name: NativeName): boolean {
    return this.#functions.has(name)
  }

  /** Throws the typed error of any answer but CKR_OK. */
  call(name: NativeName, doing: string, ...args: Parameters<Native>): void {
    const native = this.#functions.get(name)
    if (!native) throw hsmError('HSM-FUNCTION-MISSING', `${doing}: the library has no ${name}`)
    check(native(...args), doing)
  }

  /** CK_VERSION (2 bytes, padded to 8) and then the pointers. */
  #take(at: bigint, length: number): void {
    const pointers = pointersAt(at, length)
    // Object.keys of a const object gives exactly its keys.
    for (const name of Object.keys(positions) as NativeName[]) {
      const pointer = pointers[positions[name]]
      if (pointer && !this.#functions.has(name))
        // A pointer decoded by a prototype is the function of that prototype.
        this.#functions.set(name, decode(pointer, proto('ulong', [...signatures[name]])) as Native)
    }
  }
}

/** koffi decodes an array of 'uint64' to numbers, and to bigints where a number would lose bits. */
const pointersAt = (at: bigint, length: number): bigint[] =>
  Array.from(decode(at, 8, 'uint64', length) as ArrayLike<number | bigint>, BigInt)

/** Another major version of the standard has another list of functions, which would be called at the wrong places. */
export function requireKnownCryptoki(
  path: string,
  { major, minor }: { major: number; minor: number },
  where: string,
): void {
  if (major !== 2 && major !== 3)
    throw hsmError('HSM-LIBRARY-FOREIGN', `${path}: ${where} is of Cryptoki ${major}.${minor}, not of 2 or 3`)
}

/** C_GetInterfaceList, PKCS#11 3.0 section 5.4: CK_INTERFACE is name, function list, flags. A 2.40 library has none. */
function readInterfaces(getInterfaces: Native): Interface[] {
  const found = attempt(() => {
    const count = Buffer.alloc(8)
    const doing = 'listing the library’s interfaces'
    check(getInterfaces(null, count), doing)
    const n = Number(count.readBigUInt64LE())
    if (n === 0 || n > maxInterfaces) return []
    const list = Buffer.alloc(n * interfaceSize)
    check(getInterfaces(list, count), doing)
    const got = Math.min(n, Number(count.readBigUInt64LE()))
    return Array.from({ length: got }, (_, i) => {
      const name = list.readBigUInt64LE(i * interfaceSize)
      const at = list.readBigUInt64LE(i * interfaceSize + 8)
      if (name === 0n || at === 0n) return null
      // koffi decodes an array of 'uint8' to numbers.
      const [major, minor] = Array.from(decode(at, 'uint8', 2) as ArrayLike<number>)
      return { name: String(decode(name, 'char', -1)), version: `${major}.${minor}`, at }
    }).filter((entry) => entry !== null)
  })
  // A library that cannot list its interfaces is used as the 2.40 library that its function list shows.
  return found.ok ? found.value : []
}
