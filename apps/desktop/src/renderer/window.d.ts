import type { Bridge } from '../contract/index.ts'

declare global {
  interface Window {
    readonly lux: Bridge
  }
}
