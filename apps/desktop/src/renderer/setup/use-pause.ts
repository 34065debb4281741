import { useEffect, useRef } from 'react'

const pause = 500

/** Calls `then` once nobody has typed for half a second. `typed`: what stands there now; null: nobody types. */
export function usePause(typed: string | null, then: () => void): void {
  const last = useRef(then)
  useEffect(() => {
    last.current = then
  })
  useEffect(() => {
    if (typed === null) return
    const timer = setTimeout(() => last.current(), pause)
    return () => clearTimeout(timer)
  }, [typed])
}
