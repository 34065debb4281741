import { FormatError, fromBase64 } from '@lux/crypto'
import * as v from 'valibot'

/** What the window scanned, as Base64: less than a frame of the window may have. */
export const payload = v.pipe(
  v.string(),
  v.maxLength(1 << 20),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return fromBase64(dataset.value)
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      addIssue({ message: 'not Base64' })
      return NEVER
    }
  }),
)
