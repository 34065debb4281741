import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const styles = join(import.meta.dirname, '../src/styles')
const shipped = readFileSync(
  join(import.meta.dirname, '../../../node_modules/@radix-ui/themes/tokens/colors/indigo.css'),
  'utf8',
)
const own = readFileSync(join(styles, 'radix.css'), 'utf8')

/** The last word on a colour, of the vendor's own or of ours. */
function colour(name: string, theme: 'light' | 'dark'): string {
  const [light = '', dark = ''] = shipped.split(/^(?=\.dark)/m)
  const said = (css: string): string | undefined =>
    [...css.matchAll(new RegExp(`${name}: (#[0-9a-f]{6})`, 'g'))].at(-1)?.[1]
  const ours = own.split('}').filter((rule) => rule.includes('.dark') === (theme === 'dark'))
  return said(ours.join('}')) ?? said(theme === 'dark' ? dark : light) ?? `no ${name} in ${theme}`
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

test.each(['light', 'dark'] as const)(
  'A11Y-BUTTON white on a solid button has 4.5:1 in %s, also under the pointer',
  (theme) => {
    for (const ground of ['--indigo-9', '--indigo-10'])
      expect([ground, 1.05 / (luminance(colour(ground, theme)) + 0.05)]).toEqual([
        ground,
        expect.toSatisfy((contrast: number) => contrast >= 4.5),
      ])
  },
)
