import { WrongUse } from '../shell/wrong-use.ts'

export const releaseFile = 'release.json'

/** As a browser tells one from another. Errors: OPTION-ORIGIN. */
export function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const whole =
    url !== null && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  const safe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && /^(127\.0\.0\.1|localhost)$/.test(url.hostname))
  if (url === null || !whole || !safe)
    throw new WrongUse('OPTION-ORIGIN', `${text}: expected an origin such as https://shares.example`)
  return url.origin
}
