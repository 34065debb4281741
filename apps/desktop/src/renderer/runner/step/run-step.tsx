import { Code, FailureNotice, Icon, PersonChip, Rec, Saying } from '@lux/ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CurrentStep, RunView } from '../../../contract/index.ts'
import { CommandLine } from '../../components/command-line.tsx'
import { useScriptText } from '../../i18n/step-text.ts'
import { ClockCard, clocksDiffer } from '../../stage/clock-card.tsx'
import { ComeLate } from '../../stage/come-late.tsx'
import { inFours } from '../../stage/largest.ts'
import { peopleOf } from '../../stage/run-people.ts'
import { StageStep } from '../../stage/stage-step.tsx'
import { useStageText } from '../../stage/stage-text.ts'
import { WorkingCard } from '../../stage/working-card.tsx'
import { useRemote } from '../../stores/remote.ts'
import { tokens as slots } from '../../stores/remotes.ts'
import { tick, useRoom, useTyped } from '../../stores/room.ts'
import { useWork } from '../../stores/work.ts'
import type { Act } from '../act.ts'
import { FactList } from '../fact-list.tsx'
import { NeedFile } from '../need-file.tsx'
import { Told } from '../told.tsx'
import { Reading } from './reading.tsx'
import { RunWaits } from './run-waits.tsx'
import { useStepActions } from './step-actions.ts'
import { StepGo } from './step-go.tsx'
import { type StepInHand, signaturesMissing, stepInHand, unsigned, whyNot } from './step-in-hand.ts'
import { StepNeeds } from './step-needs.tsx'

type Props = { view: RunView; step: CurrentStep; act: Act }

/** The step in hand: who acts in large type, the thing it is about, what it waits for, and its next action. */
export function RunStep({ view, step, act }: Props) {
  const textOf = useScriptText()
  const room = useRoom(view.id)
  const inHand = stepInHand(view, step, room)
  const { alone, clock, deciding, facts, peers, pin, reading, sign, works } = inHand
  // Where several may act, whoever does says so: nobody is named unasked.
  const [who, setBy] = useState('')
  const [first = ''] = peers
  const by = peers.length === 1 || alone ? first : peers.includes(who) ? who : ''
  const [confirmed, setConfirmed] = useState<Record<string, boolean>>({})
  const { values: typed, type } = useTyped(view.id, `step ${step.id}`)
  // Of now, and of no use after a pause.
  const [clockRead, setClockRead] = useState<{ value: string; at: string } | null>(null)
  // A simulated participant signs: nobody signs a second time meanwhile.
  const [signing, setSigning] = useState(false)
  const pushed = useWork(({ reports }) => reports[view.id])
  const work = view.work ?? pushed ?? null

  const values = clock === null ? typed : { ...typed, [clock.name]: clockRead?.value ?? '' }
  const clockReadAt = clockRead?.at ?? null
  const actions = useStepActions({ view, step, inHand, by, values, clockReadAt, act })
  const why = whyNot(step, inHand, { by, confirmed, values, here: room.here })
  const go = (
    <StepGo
      view={view}
      step={step}
      inHand={inHand}
      goes={clockRead !== null && clocksDiffer(clockRead) ? 'clock-differs' : step.do}
      why={why}
      actions={actions}
      act={act}
      by={by}
      onBy={setBy}
      signing={signing}
      onSigning={setSigning}
    />
  )

  return (
    <StageStep
      view={view}
      act={act}
      phase={works ? 'working' : 'ready'}
      step={step}
      ask={<Ask view={view} step={step} inHand={inHand} work={work?.what ?? null} />}
      go={go}
      {...(sign === null || works ? {} : { names: unsigned(sign), role: sign.signers[0]?.role })}
    >
      {deciding ? (
        <Decided facts={step.facts} />
      ) : reading !== null ? null : (
        <p className="step-text">
          <Rec>{textOf.step(step).text}</Rec>
        </p>
      )}
      {step.failure ? <FailureNotice failure={step.failure} /> : null}
      <RunWaits view={view} step={step} />
      <Unstated view={view} step={step} act={act} />
      {works || work !== null || (actions.busy && step.mayProceed && pin === null) ? (
        <WorkingCard id={view.id} report={work} />
      ) : null}
      {step.says === 'who is here' && !works && !deciding ? <Roll view={view} /> : null}
      <ComeLate view={view} act={act} />
      {clock === null || works ? null : (
        <ClockCard
          field={clock}
          onRead={(value, at) => setClockRead({ value, at })}
          onEnter={() => {
            if (why === null) void actions.goOn()
          }}
        />
      )}
      {pin === null ? null : <TokenCard view={view} role={pin.role} />}
      {inHand.aloud && !works ? <Reading view={view} compares={step.compares} /> : null}
      <VendorProcedure steps={step.procedure} />
      <StepNeeds
        view={view}
        step={step}
        inHand={inHand}
        act={act}
        confirmed={confirmed}
        onConfirm={(text, on) => setConfirmed((old) => ({ ...old, [text]: on }))}
        values={values}
        onType={type}
        actions={actions}
        signing={signing}
        onSigning={setSigning}
      />
      {facts.length > 0 && !works && !deciding ? (
        <section className="stage-card">
          <FactList facts={facts} />
        </section>
      ) : null}
    </StageStep>
  )
}

/** Who is to do what now, in large type. `work`: what the machine does meanwhile. */
function Ask({
  view,
  step,
  inHand: { reading, sign, works },
  work,
}: {
  view: RunView
  step: CurrentStep
  inHand: StepInHand
  work: string | null
}) {
  const { t, i18n } = useTranslation()
  const said = useStageText()
  const names = step.actor.name.split(', ')
  if (works)
    return work !== null && i18n.exists(`work.${work}`) ? t(`work.${work}`) : t('stage.machine-works')
  if (sign !== null && !view.may.resume) {
    const [first = '', ...more] = unsigned(sign)
    return more.length === 0 ? (
      <Saying>{t('stage.ask-sign-one', { name: first })}</Saying>
    ) : (
      t('stage.ask-sign', { count: signaturesMissing(sign) })
    )
  }
  if (reading !== null) {
    const what = t(`stage.reading.of.${reading.compared.what}`)
    return <Saying>{t('stage.reading.ask', { name: names.join(t('stage.and')), what })}</Saying>
  }
  return <Saying>{said.ask(step.do, names)}</Saying>
}

/** What officers sign about a deviation: what happened, and what somebody proposes to do about it. */
function Decided({ facts }: { facts: CurrentStep['facts'] }) {
  const told = (name: string) => facts.find((fact) => fact.name === name)?.value ?? ''
  const proposed = ['decided', 'decided-by', 'reason']
  return (
    <>
      <Told expected={told('expected')} happened={told('happened')} certain={null} />
      <section className="stage-card">
        <FactList facts={facts.filter(({ name }) => proposed.includes(name))} />
      </section>
    </>
  )
}

/** The roll: everybody whom the plan names ticks their own name. */
function Roll({ view }: { view: RunView }) {
  const { t } = useTranslation()
  const { here } = useRoom(view.id)
  const people = peopleOf(view)
  return (
    <section className="stage-card" aria-label={t('stage.roll')}>
      <div className="card-head">
        <h3>{t('stage.in-the-room', { here: here.length, count: people.length })}</h3>
        <span className="quiet">{t('stage.roll-how')}</span>
      </div>
      <ul className="roll">
        {people.map(({ name, roles, standIn }) => {
          const ticked = here.includes(name)
          return (
            <li key={name}>
              <label className="roll-person" data-here={ticked ? '' : undefined}>
                <input
                  type="checkbox"
                  className="visually-hidden"
                  checked={ticked}
                  onChange={(event) => tick(view.id, name, event.target.checked)}
                />
                <PersonChip
                  name={name}
                  note={[
                    ...roles.map((role) => t(`roles.${role}`)),
                    ...(standIn ? [t('stage.stand-in')] : []),
                  ].join(' · ')}
                  presence={ticked ? 'done' : 'absent'}
                />
              </label>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

/** The token of a step with its serial in large type: people compare it with the device and with the bag. */
function TokenCard({ view, role }: { view: RunView; role: string }) {
  const { t } = useTranslation()
  const { value } = useRemote(slots, {})
  const bound = view.tokens.find((token) => token.role === role)
  const blank = value?.slots.find(({ token }) => token !== null && !token.initialised)?.token ?? null
  const serial = bound?.serial || blank?.serial || ''
  const label = bound?.label || ''
  return (
    <section className="stage-card token-card" aria-label={t('stage.token')}>
      <span className="evidence-label">{t('stage.token-serial')}</span>
      {serial === '' ? (
        <p className="token-none">{t('stage.token-new')}</p>
      ) : (
        <span className="evidence-value">
          <Code>{inFours(serial)}</Code>
        </span>
      )}
      {label === '' ? null : (
        <span className="quiet">
          <Rec>{label}</Rec>
        </span>
      )}
    </section>
  )
}

/** What people type into the vendor's own tool, in order, before they say here that it was done. */
function VendorProcedure({ steps }: { steps: CurrentStep['procedure'] }) {
  const { t, i18n } = useTranslation()
  if (steps.length === 0) return null
  const wordsOf = ({ id, words }: CurrentStep['procedure'][number]): string =>
    i18n.exists(`vendor.${id}`) ? t(`vendor.${id}`) : words
  return (
    <div className="stage-card">
      <p>{t('vendor.lead')}</p>
      <ol className="procedure">
        {steps.map((step) => (
          <li key={step.id}>
            <span>{wordsOf(step)}</span>
            {step.command === null ? null : <CommandLine text={step.command} />}
          </li>
        ))}
      </ol>
      <p className="quiet">{t('vendor.then')}</p>
    </div>
  )
}

type UnstatedProps = { view: RunView; step: CurrentStep; act: Act }

/** Holders who may still say what is left while a key moves, what their silence costs, and how their word is taken in. */
function Unstated({ view, step, act }: UnstatedProps) {
  const { t } = useTranslation()
  const { unstated, carried, mayState, statementCommands: commands } = view
  if (carried === null || step.blocked === 'exception-open') return null
  // Where the step itself waits for these words, it has the button and the commands.
  const asked = step.needs.some((need) => 'what' in need && need.what === 'epoch-approval')
  return (
    <>
      <div className="failure" data-tone="warn" role="status" data-waits="unstated">
        <Icon name="alert" size={18} />
        <div className="section">
          <strong>
            {t('runner.unstated.who')} <Rec>{unstated.join(', ')}</Rec>
          </strong>
          <span>{t('runner.unstated.cost')}</span>
          <span>{t('runner.unstated.carried', carried)}</span>
        </div>
      </div>
      {asked || !mayState ? null : (
        <NeedFile
          view={view}
          need={{ need: 'file', what: 'epoch-approval', from: unstated, file: null, commands }}
          act={act}
          pinned={false}
        />
      )}
    </>
  )
}
