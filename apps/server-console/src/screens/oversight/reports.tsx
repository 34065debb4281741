import { EmptyState, FailureNotice } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call, download, failureFrom, saveAs } from '../../api/client.ts'
import { usePerson } from '../../api/queries.ts'
import { Choice, Field, Form } from '../../components/form.tsx'
import { Card, Page } from '../../components/page.tsx'
import { CallSnippets } from '../../components/snippets.tsx'
import { useFormats } from '../../components/times.ts'
import { useAuditPages } from './pages.ts'

const frameworks = ['pci-dss', 'soc2', 'hipaa'] as const
type Gap = { readonly of: string; readonly gap: string }
type Signed = {
  readonly payload: {
    readonly from: string
    readonly to: string
    readonly evidence: readonly {
      readonly check: string
      readonly title: string
      readonly rows: readonly unknown[]
      readonly gaps: readonly Gap[]
    }[]
  }
}
type Made = { readonly framework: string; readonly path: string; readonly report: Signed }

/** Evidence for an assessor, signed by this server. A report names what it lacks. */
export function Reports() {
  const { t } = useTranslation()
  const { grants } = usePerson()
  const auditor = grants.some(({ role, organisationId }) => role === 'auditor' && organisationId === null)
  return (
    <Page
      title={t('console.reports.title')}
      lead={t('console.reports.lead')}
      beside={useAuditPages('reports')}
    >
      {auditor ? (
        <Make />
      ) : (
        <EmptyState
          icon="transcript"
          title={t('console.reports.no-role')}
          what={t('console.reports.no-role-what')}
        />
      )}
    </Page>
  )
}

function Make() {
  const { t } = useTranslation()
  const [framework, setFramework] = useState<string>(frameworks[0])
  const make = useMutation({
    mutationFn: async (query: string): Promise<Made> => {
      const path = `/compliance/reports/${framework}${query}`
      return { framework, path, report: await call<Signed>('GET', path) }
    },
  })
  return (
    <div className="columns">
      <div className="column">
        {make.data === undefined ? (
          <EmptyState
            icon="transcript"
            title={t('console.reports.none.title')}
            what={t('console.reports.none.what')}
            cost={t('console.reports.none.cost')}
          />
        ) : (
          <Shown made={make.data} />
        )}
      </div>
      <div className="column">
        <Card title={t('console.reports.make')}>
          <Form
            work={make}
            submit={t('console.reports.submit')}
            onSubmit={({ text }) => {
              const query = new URLSearchParams(
                (['from', 'to'] as const).flatMap((name) =>
                  text(name) === '' ? [] : [[name, `${text(name)}T00:00:00Z`]],
                ),
              ).toString()
              make.mutate(query === '' ? '' : `?${query}`)
            }}
          >
            <Choice
              label={t('console.reports.framework')}
              value={framework}
              onChange={setFramework}
              options={frameworks.map((value) => ({ value, label: t(`console.reports.name.${value}`) }))}
            />
            <Field name="from" type="date" label={t('console.audit.from')} hint={t('console.reports.year')} />
            <Field name="to" type="date" label={t('console.audit.until')} />
          </Form>
          <CallSnippets method="GET" path={`/compliance/reports/${framework}`} />
        </Card>
      </div>
    </div>
  )
}

function Shown({ made: { framework, path, report } }: { made: Made }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const pdf = useMutation({
    mutationFn: () => download(`${path}${path.includes('?') ? '&' : '?'}format=pdf`, `${framework}.pdf`),
  })
  const { evidence, from, to } = report.payload
  const gaps = evidence.filter((one) => one.gaps.length > 0)
  return (
    <Card
      title={t(gaps.length === 0 ? 'console.reports.whole' : 'console.reports.gaps', { count: gaps.length })}
      note={`${date(from)} – ${date(to)}`}
    >
      <ul className="version-list">
        {[...gaps, ...evidence.filter((one) => one.gaps.length === 0)].map((one) => (
          <li key={one.check}>
            <span className="version-text" lang="en" dir="ltr">
              <strong>{one.title}</strong>
              {one.gaps.slice(0, 5).map(({ of, gap }) => (
                <span key={`${of}${gap}`} className="quiet">
                  {`${of}: ${gap}`}
                </span>
              ))}
            </span>
            <span className="badge" data-tone={one.gaps.length === 0 ? 'good' : 'due'}>
              {one.gaps.length === 0
                ? t('console.reports.rows', { count: one.rows.length })
                : t('console.reports.missing', { count: one.gaps.length })}
            </span>
          </li>
        ))}
      </ul>
      {pdf.error === null ? null : <FailureNotice failure={failureFrom(pdf.error)} />}
      <span className="actions">
        <Button
          size="3"
          onClick={() =>
            saveAs(new Blob([JSON.stringify(report)], { type: 'application/json' }), `${framework}.json`)
          }
        >
          {t('console.reports.json')}
        </Button>
        <Button
          size="3"
          variant="surface"
          color="gray"
          highContrast
          aria-disabled={pdf.isPending}
          onClick={() => pdf.mutate()}
        >
          {t('console.reports.pdf')}
        </Button>
      </span>
      <p className="quiet">{t('console.reports.signed')}</p>
    </Card>
  )
}
