import { Icon, PersonChip, Saying, timeOf } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { Refusal } from '../components/refusal.tsx'
import { type Kind, kinds, type OpenRequest, type Overview, type ShareSummary } from '../device/api.ts'
import { dismiss, go, prove, type Route, readAgain, renew, usePhone } from '../stores/phone.ts'

/** The one thing to do next. A policy comes first, because everything rests on it. A holder then needs a share, and the others can sign. */
function nextOf({ person, policies, shares }: Overview): 'policy' | 'receive' | 'request' | 'sign' {
  if (policies.length === 0) return 'policy'
  if (person.kind !== 'holder') return 'sign'
  return shares.length === 0 ? 'receive' : 'request'
}

/** This app makes only keys of these kinds, and reads only its own sheets. */
const signerOf = (kind: Overview['person']['kind']): Kind => kinds.find((one) => one === kind) ?? 'holder'

export function Inbox() {
  const { t } = useTranslation()
  const overview = usePhone((phone) => phone.overview)
  if (overview === null) return null
  const { person, shares, open, kept, sheet, restored, damaged } = overview
  const [first, ...later] = open
  const next = nextOf(overview)
  return (
    <Page
      title={t('phone.inbox.hello', { name: person.name })}
      badge={<PersonChip name={person.name} presence="here" />}
    >
      {damaged ? <Refusal refused={{ ok: false, rule: 'PHONE-STORAGE-CHANGED', detail: '' }} /> : null}
      {first === undefined ? (
        <section className="card next">
          <h2>{t(`phone.next.${next}.title`)}</h2>
          <p>{t(`phone.next.${next}.what`)}</p>
          <button type="button" className="press primary" onClick={() => go(next)}>
            {t(`phone.next.${next}.act`)}
          </button>
        </section>
      ) : (
        <section className="card next">
          <h2>{t('phone.request.ask')}</h2>
          <Asked request={first} />
          <button type="button" className="press primary" onClick={() => void readAgain(first)}>
            {t('phone.inbox.read')}
          </button>
          <PutAside request={first} />
        </section>
      )}
      {later.length === 0 ? null : (
        <>
          <h2 className="section">{t('phone.inbox.open')}</h2>
          <ul className="card rows">
            {later.map((request) => (
              <li key={request.id}>
                <span className="disc">
                  <Icon name="ceremonies" size={20} />
                </span>
                <button type="button" className="row-text row-link" onClick={() => void readAgain(request)}>
                  <Asked request={request} />
                </button>
                <PutAside request={request} />
              </li>
            ))}
          </ul>
        </>
      )}
      <h2 className="section">
        {person.kind === 'holder' ? t('phone.inbox.hold') : t(`phone.kind.${signerOf(person.kind)}.name`)}
      </h2>
      <ul className="card rows">
        {shares.map((share) => (
          <Share key={share.id} share={share} />
        ))}
        <li>
          <span className="disc">
            <Icon name="holders" size={20} />
          </span>
          <button type="button" className="row-text row-link" onClick={() => go('card')}>
            <strong>{t('phone.inbox.card')}</strong>
            <span className="quiet">{t('phone.inbox.card-note')}</span>
          </button>
        </li>
      </ul>
      <More
        routes={person.kind === 'holder' ? others : ['sign', 'policy']}
        skip={first === undefined ? next : null}
      />
      {restored ? (
        <section className="card soft" role="note">
          <Icon name="alert" size={22} />
          <p>{t(person.kind === 'holder' ? 'phone.inbox.restored' : 'phone.inbox.forgot')}</p>
        </section>
      ) : null}
      {sheet !== null ? null : (
        <section className="card soft" role="note">
          <Icon name="alert" size={22} />
          <div className="row-text">
            <p>
              {t(
                kept
                  ? 'phone.inbox.no-sheet-kept'
                  : person.domain === 'rehearsal'
                    ? 'phone.inbox.no-sheet-rehearsal'
                    : 'phone.inbox.no-sheet',
              )}
            </p>
            <button type="button" className="link" onClick={() => go('sheet')}>
              {t('phone.sheet.title')}
            </button>
          </div>
        </section>
      )}
    </Page>
  )
}

/** The list shows claims: nothing in it was proved to whoever only looks at it. */
function Asked({ request: { what, by, expires } }: { request: OpenRequest }) {
  const { t } = useTranslation()
  return (
    <>
      <span>
        <Saying>{t('phone.inbox.asks', { what, who: by })}</Saying>
      </span>
      <strong className="until">{t('phone.request.until', { time: timeOf(expires) })}</strong>
    </>
  )
}

function PutAside({ request }: { request: OpenRequest }) {
  const { t } = useTranslation()
  return (
    <button type="button" className="link" onClick={() => void dismiss(request.id)}>
      {t('phone.inbox.put-aside')}
    </button>
  )
}

function Share({ share }: { share: ShareSummary }) {
  const { t } = useTranslation()
  return (
    <li>
      <span className="disc">
        <Icon name="key" size={20} />
      </span>
      <div className="row-text">
        <strong>
          <Saying>{t('phone.inbox.share', { organisation: share.organisation })}</Saying>
        </strong>
        <span className="quiet">
          {t('phone.inbox.share-note', { holder: share.holder, n: share.n, t: share.t, epoch: share.epoch })}
        </span>
        {share.leaving ? <span className="quiet">{t('phone.inbox.leaving')}</span> : null}
        {share.live ? null : <span className="quiet">{t('phone.inbox.unproven')}</span>}
        <button type="button" className="link" onClick={() => void renew(share.id)}>
          {t('phone.inbox.renew')}
        </button>
      </div>
      <button type="button" className="link" onClick={() => void prove(share.id)}>
        {t('phone.inbox.prove')}
      </button>
    </li>
  )
}

const others = ['policy', 'receive', 'request', 'epoch'] as const satisfies readonly Route[]

function More({
  routes,
  skip,
}: {
  routes: readonly (typeof others)[number][] | readonly ['sign', 'policy']
  skip: Route | null
}) {
  const { t } = useTranslation()
  const left = routes.filter((route) => route !== skip)
  return left.length === 0 ? null : (
    <ul className="plain">
      {left.map((route) => (
        <li key={route}>
          <button type="button" className="link" onClick={() => go(route)}>
            {t(`phone.next.${route}.act`)}
          </button>
        </li>
      ))}
    </ul>
  )
}
