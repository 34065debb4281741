import { escapedUnits, withoutDirections } from '@lux/crypto/text'

/**
 * Shows characters that embed, override or isolate directions as \uXXXX. An override makes a label read as another one, and an unpaired end
 * would close the isolate of its element. The marks U+200E, U+200F and U+061C stay: they turn no letters round, and dates contain them.
 */
export function visibleDirection(text: string): string {
  return withoutDirections(text, escapedUnits)
}
