import { Icon } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { CurrentStep, RunView } from '../../../contract/index.ts'
import { call } from '../../client.ts'
import { useScriptText } from '../../i18n/step-text.ts'
import { ByLeader } from '../../stage/controls.tsx'
import { GoButton } from '../../stage/go-button.tsx'
import { standInsLeft } from '../../stage/phase.ts'
import { useStageText } from '../../stage/stage-text.ts'
import { WhoSelect } from '../../stage/who-select.tsx'
import { useRoom } from '../../stores/room.ts'
import type { Act } from '../act.ts'
import { letters, useLetterKey } from '../letter-key.ts'
import { signAsStandIns } from '../need-sign.tsx'
import { Differs } from './reading.tsx'
import type { useStepActions } from './step-actions.ts'
import { type StepInHand, unsigned, type WhyNot } from './step-in-hand.ts'

type Props = {
  view: RunView
  step: CurrentStep
  inHand: StepInHand
  /** By which the button is named. */
  goes: string
  why: WhyNot | null
  actions: ReturnType<typeof useStepActions>
  act: Act
  by: string
  onBy: (name: string) => void
  signing: boolean
  onSigning: (now: boolean) => void
}

/** The one next action of the step in hand. */
export function StepGo(props: Props) {
  const { t } = useTranslation()
  const { view, inHand, why, actions, act, signing, onSigning } = props
  const { next, sign } = inHand
  const { signsAlone } = useRoom(view.id)
  const whyNot = useWhyText(why)
  // As the button of it stands there, and as it is pressed.
  useLetterKey(letters.heard, next === 'hear' && why === null && !actions.busy, () => {
    void actions.hearOrGoOn()
  })

  if (next === 'resume')
    return (
      <>
        <span className="stage-hint" role="status">
          {t('blocked.paused')}
        </span>
        <ByLeader view={view} act={(who) => act(call('ceremonies.resume', { id: view.id, by: who }))} primary>
          <Icon name="play" size={20} />
          {t('runner.resume')}
        </ByLeader>
      </>
    )
  if (inHand.works)
    return (
      <GoButton label={t('stage.working')} hint={t('stage.working-hint')} off onPress={() => undefined} />
    )
  if (next === 'sign-as' && sign !== null)
    return (
      <GoButton
        label={t('stage.sign-all', { count: standInsLeft(sign).length })}
        hint={t('stage.waits-for', { names: unsigned(sign).join(', ') })}
        busy={signing}
        off={signsAlone}
        onPress={() => {
          onSigning(true)
          void signAsStandIns(view, sign, act).finally(() => onSigning(false))
        }}
      />
    )
  if (next === 'file')
    return (
      <GoButton
        label={t('runner.submit-file')}
        icon="file"
        hint={sign === null ? t('blocked.file-missing') : whyNot}
        busy={actions.busy}
        onPress={() => void actions.takeFile()}
      />
    )
  return <HearOrGoOn {...props} whyNot={whyNot} />
}

/** A card that is heard, or the step that goes on. */
function HearOrGoOn({
  view,
  step,
  inHand,
  goes,
  actions,
  act,
  by,
  onBy,
  whyNot,
}: Props & { whyNot: string | null }) {
  const { t } = useTranslation()
  const said = useStageText()
  const { here } = useRoom(view.id)
  const { alone, peers, reading, sign } = inHand
  const all = step.says === 'who is here' && alone && here.length === 0
  const heard = t(alone ? 'stage.heard' : 'stage.reading.heard')
  const left =
    reading === null || reading.endsHere
      ? null
      : t('stage.reading.left', { left: reading.left, next: said.go(goes) })
  return (
    <>
      {peers.length > 1 && sign === null ? (
        <WhoSelect names={peers} value={by} onChange={onBy} label={t('runner.by')} />
      ) : null}
      <GoButton
        label={all ? t('stage.all-here') : reading === null ? said.go(goes) : heard}
        {...(reading === null ? {} : { icon: 'check', letter: letters.heard })}
        hint={whyNot ?? left}
        beside={
          reading !== null && view.may.deviate ? (
            <Differs view={view} compared={reading.compared} card={reading.card} act={act} large />
          ) : null
        }
        off={whyNot !== null}
        busy={actions.busy}
        plain={reading !== null}
        onPress={() => void actions.hearOrGoOn()}
      />
    </>
  )
}

function useWhyText(why: WhyNot | null): string | null {
  const { t } = useTranslation()
  const textOf = useScriptText()
  switch (why?.why) {
    case undefined:
      return null
    case 'waits-for':
      return t('stage.waits-for', { names: why.names.join(', ') })
    case 'blocked':
      return t(`blocked.${why.reason}`)
    case 'value':
      return t('runner.value-first', { field: textOf.field(why.field) })
    case 'roll':
      return why.names.length === 0
        ? t('stage.roll-first')
        : t('stage.roll-lacks', { names: why.names.join(', ') })
    case 'away':
      return t('stage.away-first', { names: why.names.join(', ') })
    case 'confirm':
      return t('runner.confirm-first')
    case 'clock':
      return t('stage.clock.first')
    case 'pin-locked':
      return t('runner.pin-locked')
    case 'who':
      return t('stage.who-first')
    case 'heard':
      return t('stage.reading.heard-first')
  }
}
