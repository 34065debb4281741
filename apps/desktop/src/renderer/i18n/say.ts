import type { i18n as I18n } from 'i18next'
import type { Say } from '../../contract/story.ts'

/** The window's texts for what window and command tell alike. */
export const sayIn = (i18n: I18n): Say => ({
  t: (key, values) => i18n.t(key, { ...values }),
  // A key with others below it has no sentence of its own.
  has: (key) => i18n.exists(key) && typeof i18n.t(key, { returnObjects: true }) === 'string',
})
