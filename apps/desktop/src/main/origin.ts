/** The one origin that the window ever shows. */
export const scheme = 'app'
export const origin = 'app://lux'

export function isOwnUrl(url: string): boolean {
  return url === origin || url.startsWith(`${origin}/`)
}
