import { QuorumRing, Rec } from '@lux/ui'
import { Button, Checkbox, Select, TextField } from '@radix-ui/themes'
import { type ReactNode, useId, useState } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import type { SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ReadAct } from '../components/key-sign.tsx'
import { paperLanguage } from '../paper/paper-language.ts'
import { policyPaper } from '../paper/plan-paper.ts'
import { PrintPaper } from '../paper/print-paper.tsx'
import { Faults } from './faults.tsx'
import { Signatures } from './signatures.tsx'
import { usePause } from './use-pause.ts'
import type { SetupActs } from './use-setup.ts'

const levels = ['E0', 'E1', 'E2', 'E3'] as const

/** What everybody’s trust begins with, as sentences that are changed where they stand. */
export function PolicyStage({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t, i18n } = useTranslation()
  const { policy } = setup
  const given = policy.signers.filter(({ signed }) => signed).length
  const shut = policy.adopted || given > 0 || setup.run !== null
  // Nothing is wrong with a name that nobody has typed yet.
  const unnamed = setup.organisation.name === ''
  return (
    <div className="setup-columns">
      <section className="setup-card" aria-labelledby="policy-title">
        <h2 id="policy-title">{t(policy.adopted ? 'setup.policy.adopted' : 'setup.policy.title')}</h2>
        {shut ? (
          <div className="actions">
            <p className="quiet">{t('setup.policy.shut', { count: given })}</p>
            {setup.run === null ? (
              <Button
                variant="surface"
                color="gray"
                highContrast
                onClick={() => void acts.send(call('setups.reopen', { id: setup.id, what: 'policy' }))}
              >
                {t('setup.policy.reopen', { count: given })}
              </Button>
            ) : null}
          </div>
        ) : (
          <Sentences setup={setup} acts={acts} />
        )}
        {unnamed ? null : <Faults faults={policy.faults} />}
        {shut && policy.shown !== null ? <ReadAct shown={policy.shown} /> : null}
        {policy.lines.length === 0 ? null : (
          <div className="actions">
            <PrintPaper
              label={t('setup.print-policy')}
              name="policy"
              paper={async () => ({ ok: true, value: policyPaper(t, paperLanguage(i18n.language), setup) })}
            />
          </div>
        )}
      </section>
      <aside className="setup-card setup-side" aria-labelledby="policy-signed">
        <div className="sign-head">
          <QuorumRing
            voices={policy.signers.map(({ name, signed }) => ({ name, given: signed }))}
            needed={policy.officerQuorum}
            size={96}
            named={false}
          />
          <h2 id="policy-signed">{t('setup.policy.signed')}</h2>
        </div>
        <Faults faults={policy.warnings} tone="warn" />
        <Signatures
          id={setup.id}
          what="policy"
          signers={policy.signers}
          required={policy.officerQuorum}
          whyNot={
            unnamed
              ? t('setup.policy.name-first')
              : policy.faults.length > 0
                ? t('setup.policy.fault-first')
                : null
          }
          acts={acts}
        />
      </aside>
    </div>
  )
}

function Sentences({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const { policy, people } = setup
  const count = (role: string) => people.filter((one) => one.role === role).length
  return (
    <div className="sentences">
      <Line>
        <TextIn
          name={t('setup.policy.organisation-name')}
          value={setup.organisation.name}
          first
          asTyped
          onDone={(name) => void acts.change({ organisation: renamed(setup.organisation, name) })}
        />
        <TextIn
          name={t('setup.policy.organisation-id')}
          value={setup.organisation.id}
          asTyped
          onDone={(id) => void acts.change({ organisation: { ...setup.organisation, id } })}
        />
      </Line>
      <Quorum
        sentence="setup.policy.officers"
        value={policy.officerQuorum}
        of={count('officer')}
        onDone={(officerQuorum) => void acts.change({ officerQuorum })}
      />
      <Quorum
        sentence="setup.policy.witnesses"
        value={policy.witnessQuorum}
        of={count('witness')}
        least={0}
        onDone={(witnessQuorum) => void acts.change({ witnessQuorum })}
      />
      {count('approver') === 0 ? null : (
        <Quorum
          sentence="setup.policy.approvers"
          value={policy.approverThreshold}
          of={count('approver')}
          onDone={(approverThreshold) => void acts.change({ approverThreshold })}
        />
      )}
      <Line>
        <TextIn
          name={t('setup.policy.expiry')}
          value={policy.expiry.slice(0, 10)}
          asTyped
          onDone={(day, typing) => {
            if (/^\d{4}-\d{2}-\d{2}$/.test(day)) void acts.change({ expiry: `${day}T23:59:59.999Z` })
            else if (!typing) acts.fail({ code: 'INPUT-INVALID', detail: '2027-12-31' })
          }}
        />
      </Line>
      <Flag
        label={t('setup.policy.soft')}
        note={t('setup.policy.soft-note')}
        on={policy.softTokens}
        onChange={(softTokens) => void acts.change({ softTokens })}
      />
      <Line>
        <Trans
          i18nKey="setup.policy.evidence"
          components={{
            level: (
              <Choice
                name={t('setup.policy.evidence-level')}
                value={policy.leastEvidence}
                values={levels}
                label={(level) => t(`setup.evidence.${level}`)}
                onDone={(leastEvidence) => void acts.change({ leastEvidence })}
              />
            ),
          }}
        />
      </Line>
      <p className="sentence">
        {setup.servers.length === 0
          ? t('setup.policy.no-servers')
          : t('setup.policy.servers', { names: setup.servers.map(({ name }) => name).join(', ') })}
      </p>
      <OtherBuilds tools={policy.otherTools} onChange={(otherTools) => void acts.change({ otherTools })} />
    </div>
  )
}

function Line({ children }: { children: ReactNode }) {
  return <div className="sentence">{children}</div>
}

function Quorum({
  sentence,
  value,
  of,
  least = 1,
  onDone,
}: {
  sentence: 'setup.policy.officers' | 'setup.policy.witnesses' | 'setup.policy.approvers'
  value: number
  of: number
  least?: number
  onDone: (count: number) => void
}) {
  const { t } = useTranslation()
  // What is chosen stays among the choices though these people cannot reach it: that is said below.
  const most = Math.max(of, value)
  const values = Array.from({ length: most - least + 1 }, (_, at) => String(least + at))
  return (
    <Line>
      <Trans
        i18nKey={sentence}
        values={{ of }}
        components={{
          count: (
            <Choice
              name={t(`${sentence}-name`)}
              value={String(value)}
              values={values}
              label={(one) => one}
              onDone={(one) => onDone(Number(one))}
            />
          ),
        }}
      />
    </Line>
  )
}

function Choice<T extends string>({
  name,
  value,
  values,
  label,
  onDone,
}: {
  name: string
  value: T
  values: readonly T[]
  label: (value: T) => string
  onDone: (value: T) => void
}) {
  return (
    <Select.Root
      value={value}
      onValueChange={(chosen) => {
        const known = values.find((one) => one === chosen)
        if (known !== undefined) onDone(known)
      }}
    >
      <Select.Trigger aria-label={name} variant="soft" />
      <Select.Content>
        {values.map((one) => (
          <Select.Item key={one} value={one}>
            {label(one)}
          </Select.Item>
        ))}
      </Select.Content>
    </Select.Root>
  )
}

/** Sent when the field is left, or at Enter; `asTyped`: also while somebody types, so that nothing is lost with the window. */
export function TextIn({
  name,
  value,
  first = false,
  asTyped = false,
  onDone,
}: {
  name: string
  value: string
  first?: boolean
  asTyped?: boolean
  onDone: (value: string, typing: boolean) => void
}) {
  const id = useId()
  const [typed, setTyped] = useState(value)
  const [from, setFrom] = useState(value)
  const [typing, setTyping] = useState(false)
  const [inside, setInside] = useState(false)
  const [own, setOwn] = useState(false)
  if (from !== value) {
    setFrom(value)
    // What is kept or proposed meanwhile changes no field that somebody is in.
    if (!typing && !inside) {
      setTyped(value)
      setOwn(false)
    }
  }
  const send = (still: boolean): void => {
    setTyping(still)
    const text = typed.trim()
    if (typing && text !== '' && text !== value) onDone(text, still)
    // Nobody typed here: what was proposed meanwhile is shown. What was typed and refused stays.
    else if (!still && (!own || text === '')) setTyped(value)
  }
  usePause(asTyped && typing ? typed : null, () => send(true))
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      <TextField.Root
        id={id}
        dir="auto"
        value={typed}
        maxLength={200}
        autoComplete="off"
        {...(first ? { 'data-first': '' } : {})}
        {...(typing ? { 'data-typing': '' } : {})}
        onChange={(event) => {
          setTyped(event.target.value)
          setTyping(true)
          setOwn(true)
        }}
        onFocus={() => setInside(true)}
        onBlur={() => {
          setInside(false)
          send(false)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing) send(false)
        }}
      />
    </div>
  )
}

function Flag({
  label,
  note,
  on,
  onChange,
}: {
  label: string
  note: string
  on: boolean
  onChange: (on: boolean) => void
}) {
  const id = useId()
  return (
    <div className="sentence">
      <label htmlFor={id} className="actions">
        <Checkbox id={id} checked={on} onCheckedChange={(next) => onChange(next === true)} />
        {label}
      </label>
      <span className="quiet">{note}</span>
    </div>
  )
}

function OtherBuilds({ tools, onChange }: { tools: readonly string[]; onChange: (tools: string[]) => void }) {
  const { t } = useTranslation()
  return (
    <details className="details">
      <summary>
        {tools.length === 0
          ? t('setup.policy.builds-none')
          : t('setup.policy.builds', { count: tools.length })}
      </summary>
      <ul className="list">
        {tools.map((build) => (
          <li key={build} className="actions">
            <Rec>{build}</Rec>
            <Button
              variant="ghost"
              color="gray"
              highContrast
              onClick={() => onChange(tools.filter((one) => one !== build))}
            >
              {t('setup.people.remove')}
            </Button>
          </li>
        ))}
      </ul>
      <TextIn name={t('setup.policy.build')} value="" onDone={(build) => onChange([...tools, build])} />
    </details>
  )
}

/** The id goes with the name until somebody gives another. */
function renamed({ name: before, id }: SetupView['organisation'], name: string): SetupView['organisation'] {
  return { name, id: id === '' || id === idOf(before) ? idOf(name) : id }
}

/** An id that the name suggests: what plans and policies take. */
function idOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
  return plain.replaceAll(/^-+|-+$/g, '').slice(0, 40) || 'organisation'
}
