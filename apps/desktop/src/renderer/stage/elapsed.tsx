import { useEffect, useState } from 'react'

const second = 1000

/** The time now, which runs from full second to full second. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setTimeout(() => setNow(Date.now()), second - (now % second))
    return () => clearTimeout(timer)
  }, [now])
  return now
}

/** `00:41:12`, or `0:07` under an hour when `brief`. */
export function clockOf(ms: number, brief = false): string {
  const seconds = Math.max(0, Math.floor(ms / second))
  const two = (value: number): string => String(value).padStart(2, '0')
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  if (brief && hours === 0) return `${minutes}:${two(seconds % 60)}`
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}`
}

/** `10:22:50` of an ISO-8601 time in UTC. */
export function secondOf(iso: string): string {
  return iso.slice(11, 19)
}

/** `10:22` */
export function minuteOf(iso: string): string {
  return iso.slice(11, 16)
}
