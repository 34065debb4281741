import { member, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { millisecondsOf } from '../../documents/format/milliseconds.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { type Heartbeat, heartbeatCodec } from '../../documents/threshold/heartbeat.ts'
import { stepsOf } from '../../plan/queries.ts'
import { cardOfHolder, oldEpoch, oldHolders } from '../dealing/holders.ts'

const daySeconds = 86_400

/**
 * HEARTBEATS: each statement is of a holder of the plan, of this run, key and epoch, and signed by the holder's card. Names who is
 * overdue, and whose own time is not one at which the run could hear it.
 */
export async function checkHeartbeats(v: Verification): Promise<Outcome<string>> {
  const { heartbeat } = required(v.plan)
  const taken = v.predicate.heartbeats ?? []
  if (heartbeat === undefined)
    return taken.length === 0 ? accept('no heartbeats') : wrong('the plan asks no holder')
  const times = new Map<string, string>()
  let last = 0
  for (const { index, name, document } of taken) {
    if (index <= last)
      return wrong('the statements are not in the order of the holders, or one is there twice')
    last = index
    const signed = await v.parsed(document, heartbeatCodec.file)
    if (!signed.ok) return signed
    const said = signed.value.payload
    if (!isOfRun(v, said) || said.holder !== index || said.name !== name || oldHolders(v)[index - 1] !== name)
      return wrong(`${name} states something else`)
    const card = cardOfHolder(v, name)
    if (card === null) return wrong(`${name} has no card of a holder`)
    const group = { role: 'holder', members: [{ name, keys: card.keys }], quorum: 1 }
    const verified = heartbeatCodec.verify(signed.value, v.predicate.domain, [group])
    if (!verified.ok) return wrong(`${name}: ${verified.detail}`)
    times.set(name, said.time)
  }
  const end = required(v.checkpoints.at(-1) ?? null).payload.time
  const asked = askedAt(v)
  const overdue = oldHolders(v).filter((name) => isOverdue(times.get(name), end, heartbeat.dueDays))
  const odd = [...times].filter(([, time]) => time < asked || time > end).map(([name]) => name)
  return accept(
    [
      `${taken.length} of ${oldHolders(v).length} holders`,
      ...(overdue.length === 0 ? [] : [`overdue: ${overdue.join(', ')}`]),
      ...(odd.length === 0 ? [] : [`a time outside the run: ${odd.join(', ')}`]),
    ].join('; '),
  )
}

/** When the challenge was drawn, by the transcript; the run's beginning where it does not say. */
function askedAt(v: Verification): string {
  const { header, performed } = required(v.transcript)
  const step = stepsOf(required(v.plan)).find(({ step }) => step.do === 'ask-heartbeats')?.step
  return performed.get(step?.id ?? '')?.time ?? header.created
}

/** Every statement is over the challenge that the run drew, as witnesses cosigned it. */
export async function heartbeatsFault(
  v: Verification,
  recorded: readonly Recorded[],
): Promise<string | null> {
  const asked = recorded.find(({ step }) => step.do === 'ask-heartbeats')
  for (const { name, document } of v.predicate.heartbeats ?? []) {
    if (asked === undefined) return `${name}: no step of the plan asks for a heartbeat`
    if (asked.result === null) continue
    const signed = await v.parsed(document, heartbeatCodec.file)
    if (!signed.ok) return `${name}: ${signed.detail}`
    if (signed.value.payload.challenge !== member(asked.result, 'challenge'))
      return `${name}: the transcript has another challenge`
  }
  return null
}

/** Whether a holder's last statement is older than the plan has it, in whole seconds, or there is none. Times are ISO-8601 UTC. */
function isOverdue(stated: string | undefined, now: string, dueDays: number): boolean {
  return stated === undefined || secondsOf(now) - secondsOf(stated) > dueDays * daySeconds
}

function secondsOf(time: string): number {
  return Math.floor(millisecondsOf(time) / 1000)
}

function isOfRun(v: Verification, said: Heartbeat): boolean {
  const { domain, ceremonyId } = v.predicate
  const epoch = oldEpoch(v)
  return (
    said.domain === domain &&
    said.ceremonyId === ceremonyId &&
    said.keyId === epoch?.keyId &&
    said.epochId === epoch.epochId
  )
}

function wrong(detail: string): Outcome<never> {
  return refuse('HEARTBEATS', detail)
}
