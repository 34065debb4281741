import { hmacSha256, toHex, utf8 } from '@lux/crypto'

/** `t=<Unix seconds>,v1=<hex>`: HMAC-SHA-256, by the webhook's secret as it was shown, of the time, a dot and the body. */
export function signatureOf(secret: string, time: Date, body: string): string {
  const seconds = Math.floor(time.getTime() / 1000)
  return `t=${seconds},v1=${toHex(hmacSha256(utf8(secret), utf8(`${seconds}.${body}`)))}`
}
