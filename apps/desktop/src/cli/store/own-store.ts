import { homedir } from 'node:os'
import { join } from 'node:path'

/** The window's own store, as the window finds it. */
export function ownStore(): string {
  const config = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config')
  return process.env.LUX_STORE ?? join(config, 'Lux Custody', 'store')
}
