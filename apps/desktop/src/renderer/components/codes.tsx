import type { QrPart } from '@lux/ui/qr'
import { lazy } from 'react'
import { call } from '../client.ts'

/** Codes and camera come in with the first panel that is opened. */
export const QrShow = lazy(async () => ({ default: (await import('@lux/ui/qr')).QrShow }))
export const QrScan = lazy(async () => ({ default: (await import('@lux/ui/qr')).QrScan }))

export type { QrPart }

/** Main lets this page use a camera only while a panel scans. */
export async function allowCamera(on: boolean): Promise<void> {
  await call('shell.camera', { on })
}

/** Bytes as calls carry them. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}
