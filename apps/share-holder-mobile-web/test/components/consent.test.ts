import { createInstance } from 'i18next'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { I18nextProvider } from 'react-i18next'
import { expect, test, vi } from 'vitest'
import { Consent } from '../../src/components/consent.tsx'

/** Its texts are their keys, whatever another test of this worker has started. */
const i18n = createInstance()
await i18n.init({ lng: 'cimode', resources: {} })

test.each(['request', 'sign', 'epoch'] as const)(
  'the first screen of a yes (%s) has no button that does it at one tap',
  (of) => {
    const onYes = vi.fn()
    const shown = renderToStaticMarkup(
      createElement(
        I18nextProvider,
        { i18n },
        createElement(Consent, { of, hold: `phone.${of}.hold`, blocked: false, instead: null, onYes }),
      ),
    )
    expect(shown).toContain(`phone.${of}.hold`)
    expect(shown).toContain(`phone.${of}.press`)
    expect(shown).not.toContain(`phone.${of}.yes`)
    expect(onYes).not.toHaveBeenCalled()
  },
)
