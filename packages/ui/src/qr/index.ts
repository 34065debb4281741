export type { Carried, PayloadType } from '@lux/crypto/transport'
export { type QrPart, QrScan, QrShow } from './qr-panel.tsx'
export { QrPrint } from './qr-print.tsx'
