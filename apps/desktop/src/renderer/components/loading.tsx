import { FailureNotice } from '@lux/ui'
import { Spinner } from '@radix-ui/themes'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { CoreUseCase, OutputOf } from '../../contract/index.ts'
import type { Remote, RemoteStore } from '../stores/remote.ts'

type Props<N extends CoreUseCase> = {
  remote: Remote<N>
  store: RemoteStore<N>
  children: (value: OutputOf<N>) => ReactNode
}

/** A value of core with its two other faces: on its way, and failed with Retry. */
export function Loaded<N extends CoreUseCase>({ remote, store, children }: Props<N>) {
  const { t } = useTranslation()
  const failure = remote.failure ? (
    <FailureNotice failure={remote.failure} onRetry={() => void store.again()} />
  ) : null
  if (remote.value === null) {
    return (
      failure ?? (
        <output className="actions quiet">
          <Spinner />
          {t('common.loading')}
        </output>
      )
    )
  }
  return (
    <>
      {failure}
      {children(remote.value)}
    </>
  )
}
