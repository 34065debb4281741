import { FailureNotice, Icon, Rec } from '@lux/ui'
import { Checkbox } from '@radix-ui/themes'
import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CurrentStep, Need, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Fields, firstMissing } from '../components/fields.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { ClockCard } from '../stage/clock-card.tsx'
import { ByLeader } from '../stage/controls.tsx'
import { GoButton } from '../stage/go-button.tsx'
import { namesInNotes } from '../stage/names-in-notes.ts'
import { nextOf, readsAloud, standInsLeft } from '../stage/phase.ts'
import { Roll } from '../stage/roll.tsx'
import { peopleOf, playedAlone } from '../stage/run-people.ts'
import { StageStep } from '../stage/stage-step.tsx'
import { useStageText } from '../stage/stage-text.ts'
import { TokenCard } from '../stage/token-card.tsx'
import { WhoSelect } from '../stage/who-select.tsx'
import { WorkingCard } from '../stage/working-card.tsx'
import { writeNotes } from '../stage/write-notes.ts'
import { run } from '../stores/remotes.ts'
import { changeRoom, roomOf, useRoom, useTyped } from '../stores/room.ts'
import { useWork } from '../stores/work.ts'
import type { Act } from './act.ts'
import { FactList } from './fact-list.tsx'
import { cardsUnheard, heardWhole, inHand, saysHeard } from './heard.ts'
import { letters, useLetterKey } from './letter-key.ts'
import { NeedFile } from './need-file.tsx'
import { type EnterPin, NeedPin } from './need-pin.tsx'
import { NeedSign, signAsStandIns } from './need-sign.tsx'
import { Differs, hear, Reading } from './reading.tsx'
import { RunWaits } from './run-waits.tsx'
import { Told } from './told.tsx'
import { Unstated } from './unstated.tsx'
import { VendorProcedure } from './vendor-procedure.tsx'

type Props = { view: RunView; step: CurrentStep; act: Act }

/** The step in hand: who acts in large type, the thing it is about, what it waits for, and its next action. */
export function RunStep({ view, step, act }: Props) {
  const { t, i18n } = useTranslation()
  const id = useId()
  const textOf = useScriptText()
  const said = useStageText()
  const room = useRoom(view.id)
  const alone = playedAlone(view)
  const { text } = textOf.step(step)
  const peers = view.people.filter(({ role }) => role === step.actor.role).map(({ name }) => name)
  // Where several may act, whoever does says so: nobody is named unasked.
  const [by, setBy] = useState(peers.length === 1 || alone ? (peers[0] ?? '') : '')
  const [confirmed, setConfirmed] = useState<Record<string, boolean>>({})
  const { values: typed, type } = useTyped(view.id, `step ${step.id}`)
  // Of now, and of no use after a pause.
  const [clockRead, setClockRead] = useState<{ value: string; at: string } | null>(null)
  const [busy, setBusy] = useState(false)
  // A simulated participant signs: nobody signs a second time meanwhile.
  const [signing, setSigning] = useState(false)
  const pins = useRef(new Map<string, EnterPin>())
  const pushed = useWork(({ reports }) => reports[view.id])
  const work = view.work ?? pushed ?? null

  const confirms = step.needs.filter((need) => need.need === 'confirm')
  const fields = step.needs.flatMap((need) => (need.need === 'values' ? need.fields : []))
  const clock = step.do === 'clock-check' ? fields.find(({ type }) => type === 'time') : undefined
  const others = fields.filter((field) => field !== clock)
  const values = clock === undefined ? typed : { ...typed, [clock.name]: clockRead?.value ?? '' }
  const missing = firstMissing(fields, values)
  const pinNeed = step.needs.find((need) => need.need === 'pin')
  const signNeed = step.needs.find((need) => need.need === 'sign')
  const next = nextOf(view, step, room)
  const works = step.blocked === 'machine-works' && step.needs.length === 0
  const takesFile = next === 'file'
  // What officers sign is what happened, and not what the step asks for.
  const deciding = signNeed?.need === 'sign' && signNeed.what === 'exception'
  // What is signed, and what is read aloud, stands there in words already.
  const aloud = readsAloud(step)
  const facts = step.facts.filter(
    ({ value, form }) =>
      form !== 'words' &&
      value !== (signNeed?.need === 'sign' ? signNeed.digest : null) &&
      !(aloud && step.compares.some(({ digest }) => digest === value)),
  )
  const now = aloud ? inHand(step.compares, room.heard) : null
  const cardsLeft = aloud ? cardsUnheard(step.compares, room.heard) : 0
  // Where it is only read there is nothing more to press; what follows from it elsewhere is pressed for itself.
  const endsHere = alone || (cardsLeft === 1 && step.do === 'read-aloud')
  const says = saysHeard(view, now)
  const heardBy = says === null ? [] : (room.heardBy[says] ?? [])
  const people = peopleOf(view)

  async function takeFile(): Promise<void> {
    const path = await pickFile('document')
    if (path === null) return
    setBusy(true)
    await act(call('ceremonies.submitFile', { id: view.id, path }))
    setBusy(false)
  }

  /** PINs that are typed are given to core first; then the step goes on, unless core has gone on by itself. */
  async function goOn(): Promise<void> {
    setBusy(true)
    try {
      for (const enter of pins.current.values()) if (!(await enter())) return
      const now = run.getState().value
      if (pins.current.size > 0 && !(now?.id === view.id && now.current?.mayProceed)) return
      if (step.do === 'roll-call' && !(await callTheRoll())) return
      await proceed()
    } finally {
      setBusy(false)
    }
  }

  /** In a room each card is heard for itself; whoever plays everybody hears them all at once. */
  async function hearOrGoOn(): Promise<void> {
    if (now === null) return goOn()
    for (const { digest } of alone ? step.compares : [now.compared]) hear(view, digest, alone)
    if (endsHere) await goOn()
  }

  /** Whether the transcript has it, or keeps no notes. */
  async function callTheRoll(): Promise<boolean> {
    const names = people.map(({ name }) => name)
    const here = room.here.length === 0 && alone ? names : room.here
    changeRoom(view.id, { here })
    if (!view.may.note) return true
    const away = names.filter((name) => !here.includes(name))
    const texts = [
      ...namesInNotes(here, (some) => t('stage.roll-here', { names: some })),
      ...namesInNotes(away, (some) => t('stage.roll-away', { names: some })),
    ]
    return writeNotes({ id: view.id, step: step.id, by, texts }, act)
  }

  async function proceed(): Promise<void> {
    const filled = Object.fromEntries(
      fields.map(({ name, initial }) => [name, values[name] ?? initial ?? '']),
    )
    const input = {
      ...(confirms.length > 0 ? { confirmed: true } : {}),
      ...(fields.length > 0 ? { values: filled } : {}),
      ...(clock !== undefined && clockRead !== null ? { readAt: clockRead.at } : {}),
      ...(aloud ? { heard: heardWhole(step.compares, roomOf(view.id)) } : {}),
    }
    await act(call('ceremonies.proceed', { id: view.id, step: step.id, by, input }))
  }

  const blocked = step.blocked === 'pin-missing' ? null : step.blocked
  const workText =
    work !== null && i18n.exists(`work.${work.what}`) ? t(`work.${work.what}`) : t('stage.machine-works')
  const whyNot =
    blocked !== null
      ? signNeed !== undefined && blocked === 'signatures-missing'
        ? t('stage.waits-for', { names: awaited(signNeed).join(', ') })
        : t(`blocked.${blocked}`)
      : step.do === 'roll-call' && room.here.length === 0 && !alone
        ? t('stage.roll-first')
        : confirms.some(({ text: what }) => !confirmed[what])
          ? t('runner.confirm-first')
          : missing
            ? missing === clock
              ? t('stage.clock.first')
              : t('runner.value-first', { field: textOf.field(missing) })
            : pinNeed?.need === 'pin' && pinNeed.pin.state === 'locked'
              ? t('runner.pin-locked')
              : by === '' && peers.length > 1
                ? t('stage.who-first')
                : says !== null && heardBy.length === 0
                  ? t('stage.reading.heard-first')
                  : null

  // As the button of it stands there, and as it is pressed.
  const hears = next === 'hear' && whyNot === null && !busy
  useLetterKey(letters.heard, hears, () => void hearOrGoOn())

  const go =
    next === 'resume' ? (
      <>
        <span className="stage-hint" role="status">
          {t('blocked.paused')}
        </span>
        <ByLeader view={view} act={(who) => act(call('ceremonies.resume', { id: view.id, by: who }))} primary>
          <Icon name="play" size={20} />
          {t('runner.resume')}
        </ByLeader>
      </>
    ) : works ? (
      <GoButton label={t('stage.working')} hint={t('stage.working-hint')} off onPress={() => undefined} />
    ) : next === 'sign-as' && signNeed?.need === 'sign' ? (
      <GoButton
        label={t('stage.sign-all', { count: standInsLeft(signNeed).length })}
        hint={t('stage.waits-for', { names: awaited(signNeed).join(', ') })}
        busy={signing}
        off={room.signsAlone}
        onPress={() => {
          setSigning(true)
          void signAsStandIns(view, signNeed, act).finally(() => setSigning(false))
        }}
      />
    ) : takesFile ? (
      <GoButton
        label={t('runner.submit-file')}
        icon="file"
        hint={signNeed === undefined ? t('blocked.file-missing') : whyNot}
        busy={busy}
        onPress={() => void takeFile()}
      />
    ) : (
      <>
        {peers.length > 1 && signNeed === undefined ? (
          <WhoSelect names={peers} value={by} onChange={setBy} label={t('runner.by')} />
        ) : null}
        <GoButton
          label={
            step.do === 'roll-call' && alone && room.here.length === 0
              ? t('stage.all-here')
              : now !== null && !alone
                ? t('stage.reading.heard')
                : now !== null
                  ? t('stage.heard')
                  : said.go(step.do)
          }
          {...(now === null ? {} : { icon: 'check' })}
          hint={
            whyNot ??
            (now === null || endsHere
              ? null
              : t('stage.reading.left', { left: cardsLeft, next: said.go(step.do) }))
          }
          beside={
            now !== null && view.may.deviate ? (
              <Differs view={view} compared={now.compared} card={now.card} act={act} large />
            ) : null
          }
          off={whyNot !== null}
          busy={busy}
          plain={now !== null}
          {...(now === null ? {} : { letter: letters.heard })}
          onPress={() => void hearOrGoOn()}
        />
      </>
    )

  function askToSign(need: Need) {
    const [first = '', ...more] = awaited(need)
    if (more.length === 0) return <Rec>{t('stage.ask-sign-one', { name: first })}</Rec>
    return t('stage.ask-sign', { count: need.need === 'sign' ? missingOf(need) : 0 })
  }

  const ask = works ? (
    workText
  ) : signNeed !== undefined && !view.may.resume ? (
    askToSign(signNeed)
  ) : now !== null ? (
    <Rec>
      {t('stage.reading.ask', {
        name: step.actor.name.split(', ').join(t('stage.and')),
        what: t(`stage.reading.of.${now.compared.what}`),
      })}
    </Rec>
  ) : (
    <Rec>{said.ask(step.do, step.actor.name.split(', '))}</Rec>
  )

  return (
    <StageStep
      view={view}
      act={act}
      phase={works ? 'working' : 'ready'}
      step={step}
      ask={ask}
      go={go}
      {...(signNeed?.need === 'sign' && !works
        ? { names: awaited(signNeed), role: signNeed.signers[0]?.role }
        : {})}
    >
      {deciding ? (
        <Decided facts={step.facts} />
      ) : now !== null ? null : (
        <p className="step-text">
          <Rec>{text}</Rec>
        </p>
      )}
      {step.failure ? <FailureNotice failure={step.failure} /> : null}
      <RunWaits view={view} step={step} />
      <Unstated view={view} step={step} act={act} />
      {works || work !== null || (busy && step.mayProceed && pinNeed === undefined) ? (
        <WorkingCard id={view.id} report={work} />
      ) : null}
      {step.do === 'roll-call' && !works && !deciding ? <Roll view={view} /> : null}
      {clock === undefined || works ? null : (
        <ClockCard
          field={clock}
          onRead={(value, at) => setClockRead({ value, at })}
          onEnter={() => {
            if (whyNot === null) void goOn()
          }}
        />
      )}
      {pinNeed?.need === 'pin' ? <TokenCard view={view} role={pinNeed.role} /> : null}
      {aloud && !works ? <Reading view={view} compares={step.compares} /> : null}
      <VendorProcedure steps={step.procedure} />
      {step.needs.map((need, index) => {
        const key = `${need.need} ${index}`
        switch (need.need) {
          case 'confirm':
            return (
              <div key={key} className="stage-card">
                <label htmlFor={`${id}-${index}`} className="actions confirm">
                  <Checkbox
                    size="3"
                    id={`${id}-${index}`}
                    checked={confirmed[need.text] ?? false}
                    onCheckedChange={(on) => setConfirmed((old) => ({ ...old, [need.text]: on === true }))}
                  />
                  <Rec>{need.text}</Rec>
                </label>
              </div>
            )
          case 'values':
            return others.length === 0 ? null : (
              <div key={key} className="stage-card form">
                <Fields fields={others} values={values} onChange={(name, value) => type({ [name]: value })} />
              </div>
            )
          case 'pin':
            return (
              <NeedPin
                key={key}
                view={view}
                need={need}
                act={act}
                goOn={() => void goOn()}
                lend={(enter) => {
                  if (enter === null) pins.current.delete(key)
                  else pins.current.set(key, enter)
                }}
              />
            )
          case 'sign':
            return (
              <NeedSign
                key={key}
                view={view}
                need={need}
                act={act}
                pinned={takesFile}
                signing={signing}
                onSigning={setSigning}
              />
            )
          case 'file':
            return <NeedFile key={key} view={view} need={need} act={act} pinned={takesFile} />
        }
        return null
      })}
      {facts.length > 0 && !works && !deciding ? (
        <section className="stage-card">
          <FactList facts={facts} />
        </section>
      ) : null}
    </StageStep>
  )
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

/** How many signatures are still needed. */
function missingOf({ signers, required }: Extract<Need, { need: 'sign' }>): number {
  return Math.max(0, required - signers.filter(({ signed }) => signed).length)
}

/** Who has not signed, as many as there are: any of them may be among those who are needed. */
function awaited(need: Need): string[] {
  return need.need === 'sign' ? need.signers.filter(({ signed }) => !signed).map(({ name }) => name) : []
}
