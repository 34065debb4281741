import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Desktop } from '../desktop/support/desktop.ts'

/** What the room may press at each kind of screen; `way-on.test.ts` holds that it is what the function says over all scripts. */
const screens: readonly string[] = JSON.parse(readFileSync(join(import.meta.dirname, 'screens.json'), 'utf8'))

/** Compares the window with what the room may press at this kind of screen, and gives the kind. Read at once: a screen may change between two looks. */
export async function asOffered({ page }: Desktop): Promise<string> {
  const kind = await page.evaluate(() => {
    const stage = document.querySelector<HTMLElement>('.stage-step')
    const phase = stage?.dataset.phase
    const texts = [...(stage?.querySelectorAll('button') ?? [])].map((one) => one.textContent?.trim() ?? '')
    const named = (name: string) => texts.some((text) => text.startsWith(name))
    const go = stage?.querySelector('[data-go]')?.textContent ?? ''
    const reads = (stage?.querySelector('.reading') ?? null) !== null
    const next = go.startsWith('Take in a file') ? 'file' : reads ? 'hear' : 'proceed'
    const shown: [string, boolean][] = [
      [phase === 'working' ? 'wait' : phase === 'result' ? 'seen' : next, stage !== null && phase !== 'end'],
      ['come', (stage?.querySelector('.come-late') ?? null) !== null],
      ['differs', named('Differs')],
      ['note', named('Note')],
      ['deviate', named('Deviation')],
      ['pause', named('Pause')],
      ['abort', named('Stop for good')],
    ]
    return shown.flatMap(([offer, there]) => (there ? [offer] : [])).join(' ')
  })
  expect(screens).toContain(kind)
  return kind
}
