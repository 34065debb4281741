import { accept } from '@lux/crypto'
import { enumerations, type NameOf } from '../codec/enumerations.ts'
import { boolean, enumeration, misfit, openFields, structure, textString } from '../codec/fields.ts'
import type { Item } from '../codec/ttlv.ts'
import { type Version, versions, writeVersion } from '../message/versions.ts'
import type { Operation } from './operation.ts'

/** Since when a function can be asked for. */
const functions: Readonly<Record<NameOf<'QueryFunction'>, Version>> = {
  QueryOperations: '1.0',
  QueryObjects: '1.0',
  QueryServerInformation: '1.0',
  QueryApplicationNamespaces: '1.0',
  QueryExtensionList: '1.1',
  QueryExtensionMap: '1.1',
  QueryAttestationTypes: '1.2',
  QueryRNGs: '1.3',
  QueryValidations: '1.3',
  QueryProfiles: '1.3',
  QueryCapabilities: '1.3',
  QueryClientRegistrationMethods: '1.3',
  QueryDefaultsInformation: '2.0',
  QueryStorageProtectionMasks: '2.0',
}

/**
 * What the server does, of `served` what the version has. There are no application namespaces, extensions, attestation,
 * validations, profiles or registration of clients to tell of, so nothing is told of them.
 */
export const query = (
  served: () => readonly { readonly name: NameOf<'Operation'>; readonly since: Version }[],
): Operation => ({
  since: '1.0',
  async run({ version }, payload) {
    const fields = openFields('RequestPayload', payload)
    const asked = fields.many('QueryFunction', 'enumeration')
    fields.end()
    const { QueryFunction, Operation: operations, ObjectType } = enumerations
    const known = Object.entries(functions).flatMap(([name, since]) =>
      // The table has each function of the enumeration.
      since <= version ? [QueryFunction[name as NameOf<'QueryFunction'>] as number] : [],
    )
    if (asked.length === 0) throw misfit('RequestPayload', 'QueryFunction is missing')
    if (asked.some((one) => !known.includes(one)))
      throw misfit('RequestPayload', `a QueryFunction is none of ${version}`)
    const wants = (name: NameOf<'QueryFunction'>) => asked.includes(QueryFunction[name])
    return accept({
      payload: [
        ...(wants('QueryOperations')
          ? served()
              .filter(({ since }) => since <= version)
              .map(({ name }) => enumeration('Operation', operations[name]))
          : []),
        ...(wants('QueryObjects')
          ? [
              enumeration('ObjectType', ObjectType.SymmetricKey),
              enumeration('ObjectType', ObjectType.PublicKey),
              enumeration('ObjectType', ObjectType.PrivateKey),
              enumeration('ObjectType', ObjectType.SecretData),
              enumeration('ObjectType', ObjectType.OpaqueObject),
            ]
          : []),
        ...(wants('QueryServerInformation') ? [textString('VendorIdentification', 'Lux Custody')] : []),
        ...(wants('QueryCapabilities') ? [capabilities(version)] : []),
      ],
    })
  },
})

const capabilities = (version: Version): Item =>
  structure('CapabilityInformation', [
    boolean('StreamingCapability', false),
    boolean('AsynchronousCapability', false),
    boolean('AttestationCapability', false),
    ...(version >= '1.4'
      ? [boolean('BatchUndoCapability', false), boolean('BatchContinueCapability', true)]
      : []),
  ])

/** The versions that both sides speak, in the client's order; all of the server's where he names none. */
export const discoverVersions: Operation = {
  since: '1.1',
  async run(_, payload) {
    const fields = openFields('RequestPayload', payload)
    const asked = fields.many('ProtocolVersion', 'structure').map((items) => {
      const version = openFields('ProtocolVersion', items)
      const major = version.required('ProtocolVersionMajor', 'integer')
      const minor = version.required('ProtocolVersionMinor', 'integer')
      version.end()
      return `${major}.${minor}`
    })
    fields.end()
    const common =
      asked.length === 0
        ? versions
        : asked.flatMap((one) => versions.find((version) => version === one) ?? [])
    return accept({ payload: common.map(writeVersion) })
  },
}
