import type { Page } from 'playwright-core'

/**
 * Texts that their own box cuts off, or that stand outside of the page. A text that ends in dots is cut too: only the words of
 * people, and what they named, may end so.
 */
export function clipped(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = []
    for (const element of document.body.querySelectorAll('*')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim())
      const box = element.getBoundingClientRect()
      const hidden = element.closest('.visually-hidden, [aria-hidden="true"], script, style, option')
      if (!own || hidden || box.width === 0 || !element.checkVisibility({ visibilityProperty: true }))
        continue
      const { overflowX, overflowY, textOverflow, clipPath } = getComputedStyle(element)
      // For ears alone at this width.
      if (clipPath === 'inset(50%)') continue
      const cuts = (overflow: string) => overflow === 'hidden' || overflow === 'clip'
      const dotted = textOverflow === 'ellipsis' && element.closest('[data-record]') !== null
      const cut =
        (cuts(overflowX) && element.scrollWidth > element.clientWidth + 1 && !dotted) ||
        // Letters may reach out of a line that is as high as they are.
        (cuts(overflowY) && element.scrollHeight > element.clientHeight + box.height / 2)
      if (cut) found.push(`cut: ${element.textContent}`)
      // What scrolls sideways may stand outside; the page itself may not.
      if ((box.right > innerWidth + 1 || box.left < -1) && !element.closest('pre, table, [data-record]'))
        found.push(`outside: ${element.textContent}`)
    }
    if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways')
    return found
  })
}
