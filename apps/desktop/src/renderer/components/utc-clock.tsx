import { Code } from '@lux/ui'
import { useEffect, useState } from 'react'

/** The workstation's clock in UTC, which runs. Not live for screen readers: it would be read out every second. */
export function UtcClock() {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    // At each full second, so that it is nowhere a second behind.
    const timer = setTimeout(() => setNow(Date.now()), 1000 - (now % 1000))
    return () => clearTimeout(timer)
  }, [now])
  const shown = utcSecond(now)
  return (
    <time dateTime={shown} className="tabular">
      <Code>{shown}</Code>
    </time>
  )
}

/** `2026-11-28T10:10:07Z` */
function utcSecond(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
}
