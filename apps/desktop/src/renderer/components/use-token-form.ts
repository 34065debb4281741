import { useState } from 'react'
import type { Failure, Result } from '../../contract/index.ts'
import { tokens } from '../stores/remotes.ts'

export type TokenForm = {
  open: boolean
  busy: boolean
  failure: Failure | null
  onOpenChange(open: boolean): void
  fail(code: string): void
  /** Waits for the answer, has the tokens read again, and closes the form unless it was refused. */
  send(answer: Promise<Result<unknown>>): Promise<void>
}

/** The state of a dialog that acts on a token; `clear` empties its own fields whenever it opens or closes. */
export function useTokenForm(clear: () => void): TokenForm {
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  return {
    open,
    busy,
    failure,
    onOpenChange(next) {
      setOpen(next)
      setFailure(null)
      clear()
    },
    fail: (code) => setFailure({ code, detail: '' }),
    async send(answer) {
      setBusy(true)
      const result = await answer
      await tokens.again()
      setBusy(false)
      if (result.ok) setOpen(false)
      else setFailure(result.error)
    },
  }
}
