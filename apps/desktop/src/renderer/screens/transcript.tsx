import { Button, Select, TextField } from '@radix-ui/themes'
import { Fragment, useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { InputOf, TranscriptEntry, TranscriptPage } from '../../contract/index.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Fingerprint } from '../components/fingerprint.tsx'
import { Loaded } from '../components/loading.tsx'
import { Outcome } from '../components/outcome.tsx'
import { Code, Rec } from '../components/record.tsx'
import { Screen } from '../components/screen.tsx'
import { useRemote } from '../stores/remote.ts'
import { ceremonies, transcript } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'

const limit = 100
const everyKind = '*'

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
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const [kind, setKind] = useState(everyKind)
  const [offset, setOffset] = useState(0)
  const wanted = useDeferredValue(text.trim())
  const filter = {
    ...(wanted === '' ? {} : { text: wanted }),
    ...(kind === everyKind ? {} : { kinds: [kind] }),
  }
  const input: InputOf<'transcript.page'> = { id, offset, limit, filter }
  const remote = useRemote(transcript, input)
  const kinds = remote.value?.kinds ?? []
  return (
    <>
      <search className="actions">
        <TextField.Root
          value={text}
          dir="auto"
          placeholder={t('transcript.filter')}
          aria-label={t('transcript.filter')}
          onChange={(event) => {
            setText(event.target.value)
            setOffset(0)
          }}
        />
        <Select.Root
          value={kind}
          onValueChange={(next) => {
            setKind(next)
            setOffset(0)
          }}
        >
          <Select.Trigger aria-label={t('transcript.kind')} />
          <Select.Content>
            <Select.Item value={everyKind}>{t('transcript.every-kind')}</Select.Item>
            {kinds.map((name) => (
              <Select.Item key={name} value={name}>
                <Code>{name}</Code>
              </Select.Item>
            ))}
          </Select.Content>
        </Select.Root>
      </search>
      <Loaded remote={remote} store={transcript}>
        {(page) => (
          <>
            <Chain chain={page.chain} />
            <Table entries={page.entries} />
            <div className="actions">
              <span className="quiet" role="status">
                {t('transcript.shown', {
                  from: page.matching === 0 ? 0 : offset + 1,
                  to: offset + page.entries.length,
                  matching: page.matching,
                  total: page.total,
                })}
              </span>
              <ActionButton
                variant="surface"
                color="gray"
                highContrast
                whyNot={offset === 0 ? t('transcript.at-start') : null}
                onPress={() => setOffset(Math.max(0, offset - limit))}
              >
                {t('transcript.earlier')}
              </ActionButton>
              <ActionButton
                variant="surface"
                color="gray"
                highContrast
                whyNot={offset + page.entries.length >= page.matching ? t('transcript.at-end') : null}
                onPress={() => setOffset(offset + limit)}
              >
                {t('transcript.later')}
              </ActionButton>
            </div>
          </>
        )}
      </Loaded>
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
          <Fingerprint words={chain.words} hex={chain.node} label={t('transcript.head-words')} />
        </details>
      </div>
    </div>
  )
}

function Table({ entries }: { entries: readonly TranscriptEntry[] }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState<number | null>(null)
  return (
    <section className="table-wrap" aria-label={t('transcript.entries')}>
      <table className="table">
        <thead>
          <tr>
            {(['seq', 'time', 'step', 'kind', 'summary'] as const).map((column) => (
              <th key={column} scope="col">
                {t(`transcript.column.${column}`)}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">{t('transcript.column.fact')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <Fragment key={entry.seq}>
              <tr>
                <th scope="row" className="tabular">
                  <Rec>{entry.seq}</Rec>
                </th>
                <td className="tabular" style={{ whiteSpace: 'nowrap' }}>
                  <Code>{entry.time}</Code>
                </td>
                <td>
                  <Code>{entry.stepId}</Code>
                </td>
                <td>
                  <Code>{entry.kind}</Code>
                </td>
                <td>
                  <Rec>{entry.summary}</Rec>
                </td>
                <td>
                  <Button
                    size="1"
                    variant="ghost"
                    highContrast
                    aria-expanded={open === entry.seq}
                    aria-label={t(open === entry.seq ? 'transcript.close-entry' : 'transcript.open-entry', {
                      seq: entry.seq,
                    })}
                    onClick={() => setOpen(open === entry.seq ? null : entry.seq)}
                  >
                    {t(open === entry.seq ? 'transcript.hide' : 'transcript.show')}
                  </Button>
                </td>
              </tr>
              {open === entry.seq ? (
                <tr>
                  <td colSpan={6}>
                    <span className="quiet">
                      {t('transcript.leaf')} <Code>{entry.leaf}</Code>
                    </span>
                    <pre className="fact" dir="ltr" data-record="">
                      {entry.fact}
                    </pre>
                  </td>
                </tr>
              ) : null}
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  )
}
