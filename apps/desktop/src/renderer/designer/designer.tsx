import { Code, FailureNotice, Icon, Rec } from '@lux/ui'
import { Button, Heading } from '@radix-ui/themes'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DraftEdit, DraftView, Failure, Paper, Result } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Loaded } from '../components/loading.tsx'
import { Outcome } from '../components/outcome.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { paperLanguage } from '../paper/paper-language.ts'
import { scriptPaper } from '../paper/plan-paper.ts'
import { PrintPaper } from '../paper/print-paper.tsx'
import { Faults } from '../setup/faults.tsx'
import { TextIn } from '../setup/policy.tsx'
import { useRemote } from '../stores/remote.ts'
import { drafts, draft as remote, scripts, setups } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import { DraftFields } from './draft-fields.tsx'
import { Parts } from './draft-parts.tsx'
import { PaperPreview } from './paper-preview.tsx'

/** A script is made: its steps beside the paper that they become, with the linter's word in place. */
export function Designer({ id }: { id: string }) {
  const view = useRemote(remote, { id })
  return (
    <Loaded remote={view} store={remote}>
      {(draft) => <Editor key={id} draft={draft} />}
    </Loaded>
  )
}

function Editor({ draft }: { draft: DraftView }) {
  const { t } = useTranslation()
  const [failure, setFailure] = useState<Failure | null>(null)
  const [saved, setSaved] = useState<string | null>(null)
  const paper = useDraftPaper(draft)
  const count =
    draft.faults.length +
    draft.parts.flatMap(({ steps }) => steps).reduce((sum, step) => sum + step.faults.length, 0)

  async function send(asked: Promise<Result<DraftView>>): Promise<boolean> {
    const answer = await asked
    setFailure(answer.ok ? null : answer.error)
    if (answer.ok) remote.put(answer.value)
    return answer.ok
  }
  const edit = (change: DraftEdit) => send(call('scripts.edit', { id: draft.id, edit: change }))

  useUndoKeys(draft.id, edit)

  async function freeze(): Promise<void> {
    if (await send(call('scripts.freeze', { id: draft.id }))) {
      void scripts.again()
      void drafts.again()
    }
  }

  async function save(): Promise<void> {
    const chosen = await call('shell.saveFile', { kind: 'script', name: `${draft.title}.yaml` })
    if (!chosen.ok || chosen.value.path === null) return
    const answer = await call('scripts.save', { id: draft.id, path: chosen.value.path })
    setFailure(answer.ok ? null : answer.error)
    setSaved(answer.ok ? answer.value.path : null)
  }

  async function begin(): Promise<void> {
    const begun = await call('setups.begin', { title: draft.title })
    if (!begun.ok) return setFailure(begun.error)
    const { id } = begun.value
    const chosen = await call('setups.change', { id, change: { script: draft.script } })
    void setups.again()
    if (chosen.ok) go('setup', id)
    else setFailure(chosen.error)
  }

  return (
    <div className="setup" data-screen="script">
      <Head draft={draft} edit={edit} paper={paper} />
      <div className="setup-body">
        {failure ? <FailureNotice failure={failure} /> : null}
        <div className="designer">
          <section className="setup-card" aria-labelledby="designer-steps">
            <h2 id="designer-steps">{t('designer.steps')}</h2>
            <p className="quiet">{t('designer.keys-help')}</p>
            <TextIn
              name={t('designer.title')}
              value={draft.title}
              onDone={(title) => void edit({ do: 'title', title })}
            />
            <Faults faults={draft.faults} />
            <Keys draft={draft} edit={edit} />
            <Parts draft={draft} edit={edit} />
          </section>
          <section className="setup-card setup-side designer-paper" aria-labelledby="designer-paper">
            <h2 id="designer-paper">{t('designer.paper')}</h2>
            <PaperPreview paper={paper} />
          </section>
        </div>
      </div>
      <footer className="setup-foot">
        <div role="status">
          {count > 0 ? (
            <strong>{t('designer.faults', { count })}</strong>
          ) : draft.frozen === null ? (
            <strong>{t('designer.sound')}</strong>
          ) : (
            <Outcome tone="good">{t('designer.frozen')}</Outcome>
          )}
        </div>
        <span className="setup-go">
          {saved === null ? null : (
            <span role="status">
              {t('paper.saved')} <Code>{saved}</Code>
            </span>
          )}
          <Button type="button" variant="surface" color="gray" highContrast onClick={() => void save()}>
            {t('designer.save')}
          </Button>
          {draft.frozen === null ? (
            <Button type="button" size="3" data-go="" disabled={count > 0} onClick={() => void freeze()}>
              <Icon name="shield" />
              {t('designer.freeze')}
            </Button>
          ) : (
            <Button type="button" size="3" data-go="" onClick={() => void begin()}>
              {t('designer.begin')}
              <Icon name="current" />
            </Button>
          )}
        </span>
      </footer>
    </div>
  )
}

type Edit = (change: DraftEdit) => Promise<boolean>

function useUndoKeys(id: string, edit: Edit): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the draft that is shown takes the keys
  useEffect(() => {
    const keys = (event: KeyboardEvent): void => {
      const { target } = event
      // A field takes back its own letters.
      const typing = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement
      if (typing || !(event.ctrlKey || event.metaKey) || event.altKey) return
      const key = event.key.toLowerCase()
      if (key !== 'z' && key !== 'y') return
      event.preventDefault()
      void edit({ do: key === 'y' || event.shiftKey ? 'redo' : 'undo' })
    }
    addEventListener('keydown', keys)
    return () => removeEventListener('keydown', keys)
  }, [id])
}

function Head({
  draft,
  edit,
  paper,
}: {
  draft: DraftView
  edit: Edit
  paper: ReturnType<typeof useDraftPaper>
}) {
  const { t } = useTranslation()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <header className="setup-head">
      <div className="setup-title">
        <Heading as="h1" size="7" tabIndex={-1} ref={heading}>
          <Rec>{draft.title}</Rec>
        </Heading>
        <p className="quiet">{t('designer.saved')}</p>
      </div>
      <div className="actions">
        <Button
          type="button"
          variant="surface"
          color="gray"
          highContrast
          disabled={!draft.canUndo}
          aria-keyshortcuts="Control+Z"
          onClick={() => void edit({ do: 'undo' })}
        >
          {t('designer.undo')}
        </Button>
        <Button
          type="button"
          variant="surface"
          color="gray"
          highContrast
          disabled={!draft.canRedo}
          aria-keyshortcuts="Control+Shift+Z"
          onClick={() => void edit({ do: 'redo' })}
        >
          {t('designer.redo')}
        </Button>
        <PrintPaper
          label={t('designer.print')}
          name="script"
          paper={() => Promise.resolve({ ok: true, value: paper })}
        />
      </div>
    </header>
  )
}

type Props = { draft: DraftView; edit: (change: DraftEdit) => Promise<boolean> }

/** The keys that the script makes. */
function Keys({ draft, edit }: Props) {
  const { t } = useTranslation()
  return (
    <details className="details">
      <summary>{t('designer.keys', { count: draft.keys.length })}</summary>
      <ul className="list">
        {draft.keys.map((key) => (
          <li key={key.id} className="designer-form">
            <strong>
              <Rec>{key.name}</Rec>
            </strong>
            <DraftFields
              fields={key.fields}
              onChange={(entry, value) => void edit({ do: 'change-key', id: key.id, entry, value })}
            />
            <div>
              <Button
                type="button"
                variant="ghost"
                color="gray"
                highContrast
                aria-label={t('designer.remove-for', { name: key.name })}
                onClick={() => void edit({ do: 'remove-key', id: key.id })}
              >
                {t('designer.remove')}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <Button
        type="button"
        variant="surface"
        color="gray"
        highContrast
        onClick={() => void edit({ do: 'add-key' })}
      >
        {t('designer.add-key')}
      </Button>
    </details>
  )
}

/** The paper that the draft becomes: the same that a plan has. */
function useDraftPaper(draft: DraftView): Paper {
  const { t, i18n } = useTranslation()
  const said = useScriptText()
  const { title, people, words, hash, parts } = draft
  return scriptPaper(t, said, paperLanguage(i18n.language), {
    title,
    people,
    facts: [],
    hash: { title: t('designer.hash'), words, hex: hash },
    parts,
  })
}
