import { Code, FailureNotice, Rec, WordCards } from '@lux/ui'
import { Button, Select, Spinner, TextField } from '@radix-ui/themes'
import { useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, OutputOf, TranscriptPage } from '../../contract/index.ts'
import { type Topic, topicNames, topics } from '../../contract/story.ts'
import { call } from '../client.ts'
import { Loaded } from '../components/loading.tsx'
import { Outcome } from '../components/outcome.tsx'
import { Screen } from '../components/screen.tsx'
import { PrintPaper } from '../paper/print-paper.tsx'
import { readTranscriptPaper } from '../paper/read-transcript.ts'
import { useRemote } from '../stores/remote.ts'
import { ceremonies } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import { useTranscriptPages } from './transcript-pages.ts'
import { TranscriptTable } from './transcript-table.tsx'

const everything = '*'
const isTopic = (name: string): name is Topic => topicNames.some((one) => one === name)

export function Transcript({ id }: { id: string | null }) {
  const { t } = useTranslation()
  const list = useRemote(ceremonies, {})
  const chosen = id ?? list.value?.ceremonies[0]?.id ?? null
  return (
    <Screen
      name="transcript"
      title={t('transcript.title')}
      lead={t('transcript.lead')}
      actions={
        chosen === null ? null : (
          <Select.Root value={chosen} onValueChange={(next) => go('transcript', next)}>
            <Select.Trigger aria-label={t('transcript.which')} />
            <Select.Content>
              {list.value?.ceremonies.map((ceremony) => (
                <Select.Item key={ceremony.id} value={ceremony.id}>
                  <Rec>{ceremony.title}</Rec>
                </Select.Item>
              ))}
            </Select.Content>
          </Select.Root>
        )
      }
    >
      {chosen === null ? (
        <Loaded remote={list} store={ceremonies}>
          {() => <p className="quiet">{t('ceremonies.none')}</p>}
        </Loaded>
      ) : (
        <Entries key={chosen} id={chosen} />
      )}
    </Screen>
  )
}

function Entries({ id }: { id: string }) {
  const { t, i18n } = useTranslation()
  const [text, setText] = useState('')
  const [topic, setTopic] = useState(everything)
  const wanted = useDeferredValue(text.trim())
  const { head, failure, again, entryAt, want } = useTranscriptPages(id, {
    ...(wanted === '' ? {} : { text: wanted }),
    ...(isTopic(topic) ? { kinds: [...topics[topic]] } : {}),
  })
  return (
    <>
      <search className="actions">
        <TextField.Root
          value={text}
          dir="auto"
          placeholder={t('transcript.filter')}
          aria-label={t('transcript.filter')}
          onChange={(event) => setText(event.target.value)}
        />
        <Select.Root value={topic} onValueChange={setTopic}>
          <Select.Trigger aria-label={t('transcript.kind')} />
          <Select.Content>
            <Select.Item value={everything}>{t('transcript.every-kind')}</Select.Item>
            {topicNames.map((name) => (
              <Select.Item key={name} value={name}>
                {t(`transcript.topic.${name}`)}
              </Select.Item>
            ))}
          </Select.Content>
        </Select.Root>
        {head === null ? null : (
          <span className="quiet" role="status" data-matching={head.matching}>
            {t('transcript.shown', { matching: head.matching, total: head.total })}
          </span>
        )}
        <PrintPaper
          label={t('transcript.print')}
          name={`transcript-${id.slice(0, 8)}`}
          paper={() => readTranscriptPaper(i18n, id)}
        />
        <TranscriptExport id={id} />
      </search>
      {failure ? <FailureNotice failure={failure} onRetry={again} /> : null}
      {head === null && failure === null ? (
        <output className="actions quiet">
          <Spinner />
          {t('common.loading')}
        </output>
      ) : null}
      {head === null ? null : (
        <>
          <Chain chain={head.chain} />
          <TranscriptTable count={head.matching} entryAt={entryAt} want={want} />
        </>
      )}
    </>
  )
}

function Chain({ chain }: { chain: TranscriptPage['chain'] }) {
  const { t } = useTranslation()
  const intact = chain.state === 'intact'
  return (
    <div className="panel verdict" data-tone={intact ? 'good' : 'bad'}>
      <Outcome tone={intact ? 'good' : 'bad'}>{null}</Outcome>
      <div className="row-text">
        <strong>{intact ? t('transcript.intact', { count: chain.entries }) : t('transcript.broken')}</strong>
        {chain.detail === null ? null : (
          <span>
            <Rec>{chain.detail}</Rec>
          </span>
        )}
        <details className="details">
          <summary>{t('transcript.head')}</summary>
          <WordCards words={chain.words} hex={chain.node} label={t('transcript.head-words')} />
        </details>
      </div>
    </div>
  )
}

/** Saves the whole transcript as JSON lines, whatever the filter shows. */
function TranscriptExport({ id }: { id: string }) {
  const { t } = useTranslation()
  const [saved, setSaved] = useState<OutputOf<'transcript.export'> | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)

  async function save(): Promise<void> {
    const chosen = await call('shell.saveFile', {
      kind: 'transcript',
      name: `transcript-${id.slice(0, 8)}.jsonl`,
    })
    if (!chosen.ok || chosen.value.path === null) return
    setBusy(true)
    const answer = await call('transcript.export', { id, path: chosen.value.path })
    setBusy(false)
    setSaved(answer.ok ? answer.value : null)
    setFailure(answer.ok ? null : answer.error)
  }

  return (
    <>
      <Button variant="surface" color="gray" highContrast loading={busy} onClick={() => void save()}>
        {t('transcript.export')}
      </Button>
      {saved === null ? null : (
        <span className="quiet" role="status">
          {t('transcript.exported', { count: saved.entries })} <Code>{saved.path}</Code>
        </span>
      )}
      {failure ? <FailureNotice failure={failure} /> : null}
    </>
  )
}
