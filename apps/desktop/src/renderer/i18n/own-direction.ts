import { withoutDirections } from '@lux/crypto/text'

/** Letters of somebody's text turn nothing around it in the sentence in which it stands. */
export const inOwnDirection = (text: string): string => `\u2068${withoutDirections(text, () => '')}\u2069`
