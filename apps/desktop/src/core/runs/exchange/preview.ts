import { type Command, decide, type Refusal, type RunView, resumed, view } from '@lux/ceremony'
import type { Json } from '@lux/crypto'
import { systemClock } from '../../system.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { type Answers, awaitedWord } from './answers.ts'
import { comesByItself, isForWord, isWaived } from './awaited.ts'
import { answersIn, refusalOf, type Taking } from './inbox.ts'
import { type Taker, takeAnswer } from './take-answer.ts'
import { awaitedVendorFile } from './vendor-procedure.ts'

/** `refused`: answers that lie there and would not be taken. `unanswered`: the step's own word is missing. */
type Ahead = { may: boolean; refused: Taking['refused']; unanswered: boolean }

/**
 * A run that is left, as it will stand once it is taken up again: answers are judged by the engine's own rules, and neither
 * log nor folder nor token is touched.
 */
export class RunPreview implements Taker {
  readonly folder: RunFolder
  readonly #state: ReturnType<typeof resumed>

  /** `loggedIn`: as it will stand once the PINs of its tokens were entered. */
  constructor(folder: RunFolder, loggedIn = true) {
    this.folder = folder
    this.#state = resumed(folder.state, { loggedIn })
  }

  view(): RunView {
    return view(this.#state)
  }

  submit(command: Command): Refusal | null {
    const decision = decide(this.#state, command)
    return decision.ok ? null : decision
  }

  takeRequest(decryption: string, given: Json): Refusal | null {
    return this.submit({ type: 'take-request', decryption, package: given, now: systemClock.now() })
  }

  /** Nothing is kept of an answer that is only looked at. */
  keep(): void {}

  /** What every answer in DIR/in/ would come to now: taken, or refused with the reason. */
  answers(): Taking {
    const taking: Taking = { taken: [], refused: [] }
    for (const { file, path, bytes } of answersIn(this.folder)) {
      const refused = refusalOf(() => takeAnswer(this, bytes()))
      if (refused === null) taking.taken.push(file)
      else taking.refused.push({ file: path, ...refused })
    }
    return taking
  }

  /** Whether going on leads to anything: the machine has work, somebody's word is there, or an answer that is taken. */
  mayGoOn({ words, decided }: { words: Pick<Answers, 'has'>; decided: boolean }): Ahead {
    const seen = this.view()
    const { needs } = seen
    const goes: Ahead = { may: true, refused: [], unanswered: false }
    if (needs === null || comesByItself(needs)) return goes
    if (needs.kind === 'exception') return { ...goes, may: decided }
    // Nobody's word helps while the vendor's file is awaited.
    if (needs.kind === 'confirm' && awaitedVendorFile(this.folder) !== null)
      return { ...goes, may: false, unanswered: true }
    if (isForWord(needs)) {
      const { step, bundle } = awaitedWord(seen, needs)
      // Work that was begun wants its PINs again, and nobody has to say anything.
      const again = needs.kind === 'pin' && needs.again
      const may = again || words.has(step, bundle)
      if (again || seen.unstated.length === 0) return { ...goes, may, unanswered: !may }
      // A holder's word of what is left comes as a file while somebody's word is awaited, who goes on only once none is refused.
      const { taken, refused } = this.answers()
      const stays = taken.length === 0 && (refused.length > 0 || !may)
      return { may: !stays, refused, unanswered: !may }
    }
    if (isWaived(needs) && words.has(seen.current ?? '', null)) return goes
    const { taken, refused } = this.answers()
    return taken.length > 0 ? goes : { ...goes, may: false, refused }
  }
}
