import i18next from 'i18next'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { initReactI18next } from 'react-i18next'
import { beforeAll, expect, test, vi } from 'vitest'
import { Fields } from '../../src/renderer/components/fields.tsx'

beforeAll(async () => {
  const resources = { en: { translation: { common: { 'own-clock': 'This workstation says' } } } }
  await i18next.use(initReactI18next).init({ lng: 'en', resources })
})

test('STEP-05 the workstation’s own clock stands beside the entry of a time, and beside no other', () => {
  vi.useFakeTimers({ now: Date.parse('2026-11-28T10:10:07.900Z') })
  const shown = (type: 'time' | 'text') => {
    const fields = [{ name: 'wall-clock', type, label: 'Time' }]
    return renderToStaticMarkup(createElement(Fields, { fields, values: {}, onChange: () => undefined }))
  }
  expect(shown('time').replaceAll(/<[^>]+>/g, '')).toBe('TimeThis workstation says 2026-11-28T10:10:07Z')
  expect(shown('text')).not.toContain('This workstation says')
  vi.useRealTimers()
})
