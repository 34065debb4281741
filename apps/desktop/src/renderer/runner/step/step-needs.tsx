import { Rec } from '@lux/ui'
import { Checkbox } from '@radix-ui/themes'
import { Fragment, useId } from 'react'
import type { CurrentStep, Need, RunView } from '../../../contract/index.ts'
import { Fields } from '../../components/fields.tsx'
import type { Act } from '../act.ts'
import { NeedFile } from '../need-file.tsx'
import { NeedPin } from '../need-pin.tsx'
import { NeedSign } from '../need-sign.tsx'
import type { useStepActions } from './step-actions.ts'
import type { StepInHand } from './step-in-hand.ts'

type Props = {
  view: RunView
  step: CurrentStep
  inHand: StepInHand
  act: Act
  confirmed: Readonly<Record<string, boolean>>
  onConfirm: (text: string, on: boolean) => void
  values: Record<string, string>
  onType: (change: Record<string, string>) => void
  actions: ReturnType<typeof useStepActions>
  signing: boolean
  onSigning: (now: boolean) => void
}

/** What the step waits for, a card for each. */
export function StepNeeds(props: Props) {
  return props.step.needs.map((need, index) => {
    const key = `${need.need} ${index}`
    return (
      <Fragment key={key}>
        <StepNeed {...props} need={need} id={key} />
      </Fragment>
    )
  })
}

function StepNeed({
  view,
  inHand,
  act,
  confirmed,
  onConfirm,
  values,
  onType,
  actions,
  signing,
  onSigning,
  need,
  id,
}: Props & { need: Need; id: string }) {
  const pinned = inHand.next === 'file'
  const box = useId()
  switch (need.need) {
    case 'confirm':
      return (
        <div className="stage-card">
          <label htmlFor={box} className="actions confirm">
            <Checkbox
              size="3"
              id={box}
              checked={confirmed[need.text] ?? false}
              onCheckedChange={(on) => onConfirm(need.text, on === true)}
            />
            <Rec>{need.text}</Rec>
          </label>
        </div>
      )
    case 'values': {
      const typed = inHand.fields.filter((field) => field !== inHand.clock)
      return typed.length === 0 ? null : (
        <div className="stage-card form">
          <Fields fields={typed} values={values} onChange={(name, value) => onType({ [name]: value })} />
        </div>
      )
    }
    case 'pin':
      return (
        <NeedPin
          view={view}
          need={need}
          act={act}
          goOn={() => void actions.goOn()}
          lend={(enter) => actions.lendPin(id, enter)}
        />
      )
    case 'sign':
      return (
        <NeedSign view={view} need={need} act={act} pinned={pinned} signing={signing} onSigning={onSigning} />
      )
    case 'file':
      return <NeedFile view={view} need={need} act={act} pinned={pinned} />
  }
}
