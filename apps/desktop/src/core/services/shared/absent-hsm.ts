import { type Hsm, HsmError, type TokenInfo } from '@lux/hsm'
import type { ServiceContext } from './service-context.ts'

/** In the place of a library that could not be opened: runs are shown, and what needs a token answers with `error`. */
export function absentHsm(error: HsmError): Hsm {
  // Nothing of it is ever there to be used: every use throws.
  return new Proxy({} as Hsm, {
    get: () => {
      throw error
    },
  })
}

/** What is here of the tokens that a run may wait for: nothing where there is no library, which the tokens' screen says. */
export async function presentTokens({
  hsm,
}: Pick<ServiceContext, 'hsm'>): Promise<{ tokens: readonly TokenInfo[]; padMs: number }> {
  let open: Hsm
  try {
    open = hsm()
  } catch (error) {
    if (error instanceof HsmError) return { tokens: [], padMs: 0 }
    throw error
  }
  return { tokens: await open.tokens(), padMs: open.padDeadlineMs }
}
