import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { encodeCanonical, fromUtf8, utf8 } from '@lux/crypto'
import { HsmError, requireHardToGuess } from '@lux/hsm'
import { ExpectedError, readBounded, writeDurably } from '@lux/node-files'
import * as v from 'valibot'

const pin = v.pipe(v.string(), v.regex(/^\d{4,64}$/))
const pinsSchema = v.strictObject({ so: pin, user: pin })

/** PINs of a throw-away token, kept beside it (0600): the only PINs that the tool ever takes from a file of its own. */
export function rehearsalPins(folder: string): { so: string; user: string } {
  const path = join(folder, 'token', 'pins.json')
  if (!existsSync(path)) {
    writeDurably(path, encodeCanonical({ so: freshPin(), user: freshPin() }))
  }
  const read = v.safeParse(pinsSchema, json(readBounded(path, 1024)))
  if (read.success) return read.output
  throw new ExpectedError('FILE-DAMAGED', `${path} holds no PINs`)
}

/** Eight digits that the rule for new PINs takes. */
export function freshPin(): string {
  for (;;) {
    const pin = Array.from({ length: 8 }, () => randomInt(10)).join('')
    try {
      requireHardToGuess(utf8(pin))
      return pin
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
    }
  }
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes))
  } catch {
    return null
  }
}
