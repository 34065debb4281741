import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test, vi } from 'vitest'
import { Consent } from '../../src/components/consent.tsx'

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
