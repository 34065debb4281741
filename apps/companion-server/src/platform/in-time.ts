import { EnvironmentError } from '../refusal.ts'

/** How long what a reply waits for may take once its request was read, in ms: clients and balancers are promised 8 s. */
export const replyWithin = 7500

/** What one time is for: a request over HTTP, or another door's message. */
type Timed = { deadline: number; readonly answered?: boolean; late?: Promise<unknown> | null }

/** How the work ends. Throws SERVER-BUSY once the time is over, which is one for all that is waited for; what was begun goes on. */
export function inTime<T>(of: Timed, work: Promise<T>, within = replyWithin): Promise<T> {
  of.deadline ||= performance.now() + within
  return new Promise((done, failed) => {
    const over = () => {
      if (of.answered === true) return
      of.late = work
      failed(new EnvironmentError('SERVER-BUSY', `it was not done within ${within} ms`))
    }
    const timer = setTimeout(over, Math.max(0, of.deadline - performance.now()))
    work.then(
      (value) => {
        clearTimeout(timer)
        done(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        failed(error)
      },
    )
  })
}
