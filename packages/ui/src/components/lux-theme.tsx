import { Theme } from '@radix-ui/themes'
import { Direction } from 'radix-ui'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { directionOf } from '../i18n/language.ts'

export type Appearance = 'light' | 'dark' | 'system'

function useSystemDark(): boolean {
  const [query] = useState(() => matchMedia('(prefers-color-scheme: dark)'))
  const [dark, setDark] = useState(query.matches)
  useEffect(() => {
    const listen = (): void => setDark(query.matches)
    query.addEventListener('change', listen)
    return () => query.removeEventListener('change', listen)
  }, [query])
  return dark
}

/** The theme that window, phone and console share: colours, corners, and the language's direction. */
export function LuxTheme({
  appearance,
  radius = 'medium',
  children,
}: {
  appearance: Appearance
  radius?: 'small' | 'medium'
  children: ReactNode
}) {
  const { i18n } = useTranslation()
  const systemDark = useSystemDark()
  const shown = appearance === 'system' ? (systemDark ? 'dark' : 'light') : appearance
  return (
    <Theme appearance={shown} accentColor="indigo" grayColor="slate" radius={radius} panelBackground="solid">
      <Direction.Provider dir={directionOf(i18n.language)}>{children}</Direction.Provider>
    </Theme>
  )
}
