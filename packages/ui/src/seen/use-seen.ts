import { type RefObject, useEffect, useEffectEvent } from 'react'
import type { Look } from './seen.ts'

/** Reports what is on screen of `part` whenever it may have changed. What lies below the top of `bar` is hidden. */
export function useSeen(
  part: RefObject<HTMLElement | null>,
  bar: RefObject<HTMLElement | null>,
  onLook: (look: Look) => void,
): void {
  const tell = useEffectEvent(onLook)
  useEffect(() => {
    let frame = 0
    // In an animation frame, which a hidden page never gets.
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
