import type { RequestHeader } from '../../../../src/doors/kmip/message/request.ts'

/** A header with nothing but what has to be there; the version is missing. */
export const bareHeader: Omit<RequestHeader, 'version'> = {
  maximumResponseSize: null,
  clientCorrelationValue: null,
  serverCorrelationValue: null,
  asynchronousIndicator: null,
  attestationCapable: null,
  attestationTypes: [],
  authentication: null,
  batchErrorContinuation: null,
  batchOrder: null,
  timeStamp: null,
}
