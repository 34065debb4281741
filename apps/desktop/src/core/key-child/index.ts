export { runKeyChild } from './client.ts'
export type { FileFact, KeyChildRequest, KeyChildResult, SampleType } from './protocol.ts'
export { sampleTypes } from './protocol.ts'
