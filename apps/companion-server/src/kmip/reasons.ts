import type { ResultReason } from './message/response.ts'

/** The reason that KMIP gives for each rule that refuses an operation of this door; of any other, GeneralFailure. */
const reasons: Readonly<Record<string, ResultReason>> = {
  'TTLV-MALFORMED': 'InvalidMessage',
  'TTLV-LIMIT': 'InvalidMessage',
  'KMIP-MESSAGE': 'InvalidMessage',
  'KMIP-VERSION': 'UnsupportedProtocolVersion',
  'KMIP-OPERATION': 'OperationNotSupported',
  'KMIP-FEATURE': 'FeatureNotSupported',
  'KMIP-CREDENTIAL': 'AuthenticationNotSuccessful',
  'KMIP-SENSITIVE': 'Sensitive',
  'KMIP-RESPONSE-SIZE': 'ResponseTooLarge',
  'OBJECT-ABSENT': 'ItemNotFound',
  'ROLE-REFUSED': 'PermissionDenied',
  'BODY-TOO-LONG': 'InvalidField',
  'REQUEST-FIELDS': 'InvalidField',
  'KEY-USAGE': 'IncompatibleCryptographicUsageMask',
  'KEY-DISABLED': 'WrongKeyLifecycleState',
  'KEY-VERSION-DISABLED': 'WrongKeyLifecycleState',
  'KEY-VERSION-RETIRED': 'WrongKeyLifecycleState',
  'KEY-VERSION-ABSENT': 'CryptographicFailure',
  'ENVELOPE-MALFORMED': 'CryptographicFailure',
  'ENVELOPE-KEY': 'CryptographicFailure',
  'ENVELOPE-COMMITMENT': 'CryptographicFailure',
  'ENVELOPE-TAG': 'CryptographicFailure',
}

export const reasonOf = (rule: string): ResultReason => reasons[rule] ?? 'GeneralFailure'
