import type { PinNeed, Refusal, RunView } from '@lux/ceremony'
import { ExpectedError } from '@lux/node-files'
import { giveUp } from '../rehearsal/drive-rehearsal.ts'
import type { GivenPin } from '../runs/effects/token/pin-box.ts'
import type { Answers, Confirmation, Decision } from '../runs/exchange/answers.ts'
import { awaitedWord } from '../runs/exchange/answers.ts'
import { comesByItself, type ForWord, isForWord, isWaived } from '../runs/exchange/awaited.ts'
import { type Taking, takeAnswers } from '../runs/exchange/inbox.ts'
import { awaitedVendorFile } from '../runs/exchange/vendor-procedure.ts'
import type { Run } from '../runs/run/run.ts'

type Deviation = NonNullable<Confirmation['deviation']>

/** A PIN from a person's own source, or null where they have to be asked another way. `fresh`: it is being chosen. */
export type AskPin = (need: PinNeed, fresh: boolean) => Promise<GivenPin | null>

/** How a run was left: over, or waiting for people; with the answers that were refused on the way. */
export type Rest = {
  waiting: boolean
  refused: Taking['refused']
  /** The step's answer is missing, whatever else it asks for. */
  unanswered?: boolean
}

const nothing: Taking = { taken: [], refused: [] }

/**
 * Goes on until the run is over or needs a person who has not answered. Nothing is said in anybody's name that they
 * did not say themselves: confirmations come from `answers`, signatures from DIR/in/, PINs from `askPin`.
 */
export async function driveProduction(
  run: Run,
  options: { answers: Answers; askPin: AskPin; by: string; decision: Decision | null },
): Promise<Rest> {
  let decision = options.decision
  for (;;) {
    await run.pump()
    const view = run.view()
    const { needs } = view
    if (needs === null) return { waiting: false, refused: [] }
    if (needs.kind === 'exception') {
      if (decision === null) return { waiting: true, refused: [] }
      must(run.decide(decision.decision, decision.by, decision.reason))
      decision = null
    } else if (needs.kind === 'resume') {
      // A PIN may have been on its way: only a person may say that it is sent again.
      giveUp(run, 1, 0)
      must(run.submit({ type: 'resume', by: options.by }))
    } else if (isForWord(needs)) {
      // Before somebody goes on to the next epoch: what lies there of holders who had said nothing yet.
      const late = view.unstated.length > 0 ? await takeAnswers(run) : nothing
      if (needs.kind === 'confirm' && awaitedVendorFile(run.folder) !== null)
        return { waiting: true, refused: late.refused, unanswered: true }
      // Who goes on is told first whose word would not be counted; what was said to the step stays for the next time. Work that was begun
      // is not held up.
      if (late.refused.length > 0 && !(needs.kind === 'pin' && needs.again))
        return { waiting: true, refused: late.refused }
      const given = await confirmed(run, view, needs, options)
      if (given !== 'all') return { waiting: true, refused: [], unanswered: given === 'no answer' }
    } else if (comesByItself(needs)) {
      throw stuck(run, view)
    } else {
      const { taken, refused } = await takeAnswers(run)
      if (taken.length > 0) continue
      // Holders who state nothing are gone on without once somebody says so.
      const word = isWaived(needs) ? options.answers.take(view.current ?? '', null) : null
      if (word === null) return { waiting: true, refused }
      must(run.proceed(view.current ?? '', word.by, word.values))
    }
  }
}

async function confirmed(
  run: Run,
  view: RunView,
  needs: ForWord,
  { answers, askPin }: { answers: Answers; askPin: AskPin },
): Promise<'all' | 'no answer' | 'no PIN'> {
  const { step, bundle } = awaitedWord(view, needs)
  const again = needs.kind === 'pin' && needs.again
  let answer = again ? null : answers.take(step, bundle)
  // The same file may come again after officers decided: what was reported is not reported twice.
  while (answer?.deviation !== undefined && isReported(view, step, answer.deviation))
    answer = answers.take(step, bundle)
  if (answer === null && !again) return 'no answer'
  if (answer?.deviation !== undefined) {
    must(run.submit({ type: 'deviate', by: answer.by, step, ...answer.deviation }))
    return 'all'
  }
  if (needs.kind === 'pin') {
    for (const need of needs.pins) {
      const pin = await askPin(need, needs.willDo === 'initialise-token')
      if (pin === null) return 'no PIN'
      run.enterPin(need.token, need.user, pin)
    }
  }
  if (answer !== null) {
    // Whoever has come since the roll call says so in their own name, as in the window.
    const came = (answer.here ?? []).filter((name) => view.here?.includes(name) === false)
    for (const name of came) must(run.submit({ type: 'note', by: name, text: `In the room: ${name}.` }))
    // Whoever confirms a step whose words are read aloud says with it that they were heard, and by whom.
    const heard = view.compares.map(({ digest }) => ({ digest, by: answer.heard ?? [] }))
    must(run.proceed(step, answer.by, answer.values, { heard, here: answer.here }))
  }
  return 'all'
}

const isReported = ({ exceptions }: RunView, at: string, { expected, happened }: Deviation): boolean =>
  exceptions.some((one) => one.step === at && one.expected === expected && one.happened === happened)

/** The machine's own trouble: it should act and does not. The run's folder is unharmed. */
export function stuck(run: Run, view: RunView): ExpectedError {
  const refusal = run.internalRefusal
  return new ExpectedError(
    'RUN-STUCK',
    refusal === null
      ? `nothing happens at ${view.current ?? 'the start'}`
      : `${refusal.rule}: ${refusal.detail}`,
  )
}

function must(refusal: Refusal | null): void {
  if (refusal !== null) throw new ExpectedError(refusal.rule, refusal.detail)
}
