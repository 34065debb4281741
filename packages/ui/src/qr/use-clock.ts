import { useEffect, useRef } from 'react'

/** Calls `beat` at this interval while `on`. */
export function useClock(on: boolean, every: number, beat: () => void): void {
  const latest = useRef(beat)
  latest.current = beat
  useEffect(() => {
    if (!on) return
    const timer = setInterval(() => latest.current(), every)
    return () => clearInterval(timer)
  }, [on, every])
}
