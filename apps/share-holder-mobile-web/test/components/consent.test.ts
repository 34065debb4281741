import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { getI18n } from 'react-i18next'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Consent } from '../../src/components/signing.tsx'

// Each text is its own key, whatever another test of this worker has started.
const language = getI18n()?.language
beforeAll(() => getI18n()?.changeLanguage('cimode'))
afterAll(() => getI18n()?.changeLanguage(language))

test.each(['request', 'sign', 'epoch'] as const)(
  'the first screen of a yes (%s) has no button that does it at one tap',
  (of) => {
    const onYes = vi.fn()
    const shown = renderToStaticMarkup(
      createElement(Consent, { of, hold: `phone.${of}.hold`, blocked: false, instead: null, onYes }),
    )
    expect(shown).toContain(`phone.${of}.hold`)
    expect(shown).toContain(`phone.${of}.press`)
    expect(shown).not.toContain(`phone.${of}.yes`)
    expect(onYes).not.toHaveBeenCalled()
  },
)
