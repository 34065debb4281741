import { type RefObject, useEffect, useEffectEvent } from 'react'
import type { Look } from './seen.ts'

/** Tells what is on screen of `part` whenever that may have changed. Below the upper edge of `bar` nothing is seen. */
export function useSeen(
  part: RefObject<HTMLElement | null>,
  bar: RefObject<HTMLElement | null>,
  onLook: (look: Look) => void,
): void {
  const tell = useEffectEvent(onLook)
  useEffect(() => {
    let frame = 0
    // In a frame, which a page that nobody sees does not get.
    const ask = (): void => {
      if (frame === 0) frame = requestAnimationFrame(look)
    }
    function look(): void {
      frame = 0
      if (part.current === null || document.visibilityState !== 'visible') return
      const { top, width, height } = part.current.getBoundingClientRect()
      const upper = visualViewport?.offsetTop ?? 0
      const lower = Math.min(
        bar.current?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY,
        upper + (visualViewport?.height ?? innerHeight),
      )
      tell({ width, height, on: [upper - top, lower - top] })
    }
    const sizes = new ResizeObserver(ask)
    for (const one of [part.current, bar.current]) if (one !== null) sizes.observe(one)
    const heard = [
      [window, 'scroll'],
      [window, 'resize'],
      [visualViewport, 'scroll'],
      [visualViewport, 'resize'],
      [document, 'visibilitychange'],
    ] as const
    for (const [where, what] of heard) where?.addEventListener(what, ask, { capture: true, passive: true })
    ask()
    return () => {
      cancelAnimationFrame(frame)
      sizes.disconnect()
      for (const [where, what] of heard) where?.removeEventListener(what, ask, { capture: true })
    }
  }, [part, bar])
}
