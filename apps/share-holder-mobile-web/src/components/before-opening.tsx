import { Icon } from '@lux/ui'
import { useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { useOffline } from './offline.ts'

function watchNetwork(changed: () => void): () => void {
  for (const what of ['online', 'offline']) addEventListener(what, changed)
  return () => {
    for (const what of ['online', 'offline']) removeEventListener(what, changed)
  }
}

/**
 * All that an app can say of its own replacement before somebody types a passphrase: whether another version of it waits, and whether the
 * network is on, by which one comes. Whoever replaced it already says what he likes.
 */
export function BeforeOpening() {
  const { t } = useTranslation()
  const version = useOffline(({ state }) => state)
  const online = useSyncExternalStore(watchNetwork, () => navigator.onLine)
  return (
    <section className="card before-opening" role="status">
      <p className={online ? 'bad' : undefined} data-network={online ? 'on' : 'off'}>
        <Icon name={online ? 'alert' : 'check'} size={20} />
        {t(`phone.before.network-${online ? 'on' : 'off'}`)}
      </p>
      <p className={version === 'newer' || version === 'replaced' ? 'bad' : undefined} data-version={version}>
        <Icon name={version === 'kept' ? 'check' : 'alert'} size={20} />
        {t(`phone.before.version-${version}`)}
      </p>
    </section>
  )
}
