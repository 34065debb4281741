export { accept, type Outcome, type Refusal as Refused, refuse } from '@lux/crypto'

/** Ends a switch over a closed set; reached only when a caller broke the types. */
export function unreachable(value: never): never {
  throw new TypeError(`unreachable: ${JSON.stringify(value)}`)
}
