import { escapedUnits, withoutDirections } from '@lux/crypto/text'

/**
 * What embeds, overrides or isolates directions, as \uXXXX: an override makes a label read as another one, and an unpaired end of an
 * isolate would end that of its element too. The marks (U+200E, U+200F, U+061C) stay: they turn no letters round, and dates hold them.
 */
export function visibleDirection(text: string): string {
  return withoutDirections(text, escapedUnits)
}
