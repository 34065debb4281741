export { fromBase45, toBase45 } from './base45.ts'
export {
  type Carried,
  envelopeText,
  MAX_TEXT_PAYLOAD,
  makeEnvelope,
  openEnvelope,
  openEnvelopeText,
} from './envelope.ts'
export type { ErasureCode } from './erasure-code.ts'
export { frameText, MAX_OBJECT, MAX_SYMBOLS, parseFrame } from './frame.ts'
export { type PayloadType, packFiles, payloadTypes, unpackFiles } from './payload-types.ts'
export { type Profile, type ProfileName, profiles } from './profiles.ts'
export { type RaptorQModule, raptorQ } from './raptorq.ts'
export { createReceiver, type Progress, type Receiver, type Scan } from './receiver.ts'
export {
  advance,
  createSender,
  idealSeconds,
  MAX_SENT,
  notStarted,
  type Playing,
  type PlayingEvent,
  type Sender,
  wayFor,
} from './sender.ts'
