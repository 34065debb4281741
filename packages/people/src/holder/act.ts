import type { ActChange, ActSentence, DescribedAct } from '@lux/ceremony/wire'
import { change, markNamed, plainAct } from '../signer/act.ts'
import { print, type Told, told } from '../told.ts'
import { budgetLine } from './budgets.ts'
import { type EpochRun, epochLines } from './epoch-run.ts'

/**
 * What a run that moves a key asks of a holder's device. `live`: the next epoch is live, so the old share is wiped. `keep`: the run was
 * aborted, so the old share answers again.
 */
export const epochActs = ['approve', 'redeal', 'receive', 'live', 'keep', 'heartbeat'] as const
export type EpochAct = (typeof epochActs)[number]

/** What changes with an answer to a request: what leaves the device, what it costs, and that nobody takes it back. */
export function answerAct({
  t,
  n,
  spends,
  left,
}: {
  t: number
  n: number
  spends: number
  left: number
}): DescribedAct {
  return plainAct(
    change('share', 'act-answer', `One answer is made. Any ${t} of ${n} answers give the result`, { t, n }),
    change('rule', 'act-spends', `It spends ${spends} blocks, ${left} are left after it`, { spends, left }),
    change('lost', 'act-final', 'Nobody takes the answer back'),
  )
}

const about: Partial<Record<Told['name'], ActChange['about']>> = {
  'epoch-next': 'people',
  'epoch-dealers': 'people',
  'epoch-envelopes': 'key',
}

/** Lines that name keys, runs and documents by their digests. */
const machines: Partial<Record<Told['name'], string>> = {
  'epoch-key': 'key',
  'epoch-ceremony-rehearsal': 'ceremony',
  'epoch-ceremony-production': 'ceremony',
  'epoch-opening': 'ceremony',
  challenge: 'digest',
}

/** What each act does on this device. */
const does: Readonly<Record<EpochAct, string>> = {
  approve:
    'Your share decrypts nothing more from now on, until the new epoch is live or the run is aborted. What you have left is carried on',
  redeal: 'This phone makes fresh seeds for each new holder and keeps none of them. Nobody sees the key',
  receive:
    'The share is put together here from what every dealer sealed to you. Your old share stays beside it until the new epoch is live',
  live: 'All new holders have proved their shares, and the ceremony key signed it. The new share may answer',
  keep: 'The next epoch never went live. Your share answers again; what was received in that run is deleted',
  heartbeat: 'You state that you hold the share. That spends nothing and decrypts nothing',
}

/** What this device does with it, and what nobody brings back. */
const own = (act: EpochAct, wipes: boolean): ActChange[] => [
  change('rule', `act-epoch-${act}`, does[act]),
  ...(wipes
    ? [
        change(
          'lost',
          'act-epoch-wipes',
          'Your old share and its envelope key are deleted on this phone. That cannot be taken back',
        ),
      ]
    : []),
]

/** What changes as a key moves: who holds it then, beside who holds it now, what this device does, and what it has left. */
export function epochAct(
  run: Pick<EpochRun, 'plan' | 'terms' | 'opening'>,
  act: Exclude<EpochAct, 'heartbeat'>,
  { wipes = false, left = null }: { wipes?: boolean; left?: Parameters<typeof budgetLine>[0] | null } = {},
): DescribedAct {
  const { plan, terms } = run
  const lines = epochLines(run)
  const people = (names: readonly string[]) => names.map((name) => ({ name, roles: ['holder'] }))
  return {
    ...plainAct(
      ...lines.flatMap((one): ActChange[] =>
        machines[one.name] === undefined ? [{ about: about[one.name] ?? 'share', told: one }] : [],
      ),
      ...own(act, wipes),
      ...(left === null ? [] : [{ about: 'rule' as const, told: budgetLine(left) }]),
    ),
    people: markNamed(people(plan.reshare?.holders ?? []), people(plan.fhe?.holders ?? []), () => true),
    keys: {
      places: [{ kind: 'people', name: '', count: terms.n }],
      rows: [{ name: plan.fhe?.id ?? '', depth: 0, at: ['share'] }],
    },
    prints: printsOf(lines),
    since: told('since-epoch', `Compared with epoch ${terms.epoch - 1}, which is left`, {
      epoch: terms.epoch - 1,
    }),
  }
}

/** What is stated with a heartbeat, which changes nothing. `lines`: of the request. */
export function heartbeatAct(lines: readonly Told[]): DescribedAct {
  const said = lines.filter(({ name }) => machines[name] === undefined)
  return {
    ...plainAct(...said.map((one): ActChange => ({ about: 'share', told: one })), ...own('heartbeat', false)),
    prints: printsOf(lines),
  }
}

function printsOf(lines: readonly Told[]): DescribedAct['prints'] {
  return lines.flatMap((one) => {
    const name = machines[one.name]
    return name === undefined ? [] : [print('proved', name, one)]
  })
}

/** Of an act, what its device does: read once more beside the yes. */
export const ownChanges = ({ changes }: DescribedAct): ActSentence[] =>
  changes.flatMap(({ told: one }) => (one.name.startsWith('act-') ? [one] : []))
