import { Code } from '@lux/ui'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { openApi } from '../api/client.ts'
import { type Operation, operationsOf } from '../api/open-api.ts'
import { Field } from '../components/form.tsx'
import { Asked, Card, Page } from '../components/page.tsx'

/** Every call of the server, from the schemas that check its input. */
export function Api() {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const document = useQuery({ queryKey: ['openapi'], queryFn: openApi, staleTime: Number.POSITIVE_INFINITY })
  return (
    <Page
      title={t('console.api.title')}
      lead={t('console.api.lead')}
      badge={
        <a href="/api/openapi.json" target="_blank" rel="noreferrer">
          {t('console.api.document')}
        </a>
      }
    >
      <Field
        label={t('console.api.search')}
        type="search"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <Asked query={document}>
        {(found) => {
          const wanted = operationsOf(found).filter(({ method, path, summary }) =>
            `${method} ${path} ${summary}`.toLowerCase().includes(search.trim().toLowerCase()),
          )
          const groups = [...new Set(wanted.map(({ group }) => group))]
          return groups.length === 0 ? (
            <p className="quiet">{t('console.api.nothing')}</p>
          ) : (
            groups.map((group) => (
              <Card key={group} title={<Code>{group}</Code>}>
                <ul className="log">
                  {wanted
                    .filter((one) => one.group === group)
                    .map((one) => (
                      <One key={`${one.method} ${one.path}`} operation={one} />
                    ))}
                </ul>
              </Card>
            ))
          )
        }}
      </Asked>
    </Page>
  )
}

function One({ operation: { method, path, summary, fields } }: { operation: Operation }) {
  const { t } = useTranslation()
  return (
    <li>
      <details>
        <summary>
          <span className="method" data-method={method}>
            {method}
          </span>
          <Code>{path}</Code>
          <span className="quiet" lang="en" dir="ltr">
            {summary}
          </span>
        </summary>
        {fields.length === 0 ? (
          <p className="quiet">{t('console.api.no-fields')}</p>
        ) : (
          <div className="table-box">
            <table className="plain-table">
              <thead>
                <tr>
                  <th scope="col">{t('console.api.field')}</th>
                  <th scope="col">{t('console.api.in')}</th>
                  <th scope="col">{t('console.api.value')}</th>
                </tr>
              </thead>
              <tbody>
                {fields.map(({ name, place, required, value }) => (
                  <tr key={`${place}.${name}`}>
                    <th scope="row">
                      <Code>{name}</Code>
                      {required ? null : <span className="quiet">{` ${t('console.api.optional')}`}</span>}
                    </th>
                    <td>{t(`console.api.place.${place}`)}</td>
                    <td>
                      <Code>{value}</Code>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </details>
    </li>
  )
}
