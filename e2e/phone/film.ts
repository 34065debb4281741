import { writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'

/** What a camera sees: brightness of each point, row by row. */
export type Picture = Uint8Array

const side = 560
const perSecond = 10

/**
 * The codes of an open panel, one lap of them, as its canvas has them: the one that stands still, or all of the animation, looked
 * through by its own button.
 */
export async function codesOf(page: Page): Promise<Picture[]> {
  const canvas = page.locator('.qr[aria-busy="false"] canvas[data-position="0"]')
  await canvas.waitFor()
  const lap = await page.locator('.qr').getAttribute('data-lap')
  const pictures = await canvas.evaluate(
    async (node, { size, last }) => {
      const code = node as HTMLCanvasElement
      const room = document.createElement('canvas')
      room.width = size
      room.height = size
      const context = room.getContext('2d', { willReadFrequently: true })
      if (context === null) throw new Error('no canvas')
      const pictures: string[] = []
      for (let position = 0; ; position++) {
        context.fillStyle = '#fff'
        context.fillRect(0, 0, size, size)
        context.drawImage(code, 10, 10, size - 20, size - 20)
        const { data } = context.getImageData(0, 0, size, size)
        let text = ''
        for (let at = 0; at < data.length; at += 4) text += String.fromCharCode(data[at] ?? 0)
        pictures.push(btoa(text))
        if (position === last) return pictures
        const drawn = new Promise<void>((done) => {
          const watch = new MutationObserver(() => {
            if (code.dataset.position !== String(position + 1)) return
            watch.disconnect()
            done()
          })
          watch.observe(code, { attributes: true })
        })
        document.querySelector<HTMLButtonElement>('.qr-next')?.click()
        await drawn
      }
    },
    { size: side, last: Number(lap) - 1 },
  )
  return pictures.map((text) => new Uint8Array(Buffer.from(text, 'base64')))
}

/** A film that Chromium shows as its camera, over and over (YUV4MPEG2, 4:2:0). */
export function writeFilm(path: string, pictures: readonly Picture[]): void {
  const colourless = Buffer.alloc((side * side) / 2, 128)
  const parts: Uint8Array[] = [Buffer.from(`YUV4MPEG2 W${side} H${side} F${perSecond}:1 Ip A1:1 C420jpeg\n`)]
  for (const picture of pictures) parts.push(Buffer.from('FRAME\n'), picture, colourless)
  writeFileSync(path, Buffer.concat(parts))
}

/** Switches for a Chromium whose only camera is a film. */
export const filmSwitches = (path: string): string[] => [
  '--use-fake-device-for-media-stream',
  `--use-file-for-fake-video-capture=${path}`,
]

/** The codes of a backup sheet, as they would be on paper. */
export async function codesOnPaper(page: Page): Promise<Picture[]> {
  await page.locator('.qr-sheet[aria-busy="false"] canvas').first().waitFor()
  const pictures = await page.locator('.qr-sheet canvas').evaluateAll(
    (nodes, size) =>
      nodes.map((node) => {
        const room = document.createElement('canvas')
        room.width = size
        room.height = size
        const context = room.getContext('2d')
        if (context === null) throw new Error('no canvas')
        context.drawImage(node as HTMLCanvasElement, 0, 0, size, size)
        const { data } = context.getImageData(0, 0, size, size)
        let text = ''
        for (let at = 0; at < data.length; at += 4) text += String.fromCharCode(data[at] ?? 0)
        return btoa(text)
      }),
    side,
  )
  return pictures.map((text) => new Uint8Array(Buffer.from(text, 'base64')))
}
