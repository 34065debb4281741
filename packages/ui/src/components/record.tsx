import { Children, createElement, Fragment, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { visibleDirection } from './visible-direction.ts'

/** Text from files, tokens or people, in any language, isolated from the direction of the text around it. */
export function Rec({ children }: { children: ReactNode }) {
  return <bdi data-record="">{visible(children)}</bdi>
}

/** One of our sentences with a name in it. It keeps the direction of the reader's language, also where the name comes first. */
export function Saying({ children }: { children: string }) {
  const { i18n } = useTranslation()
  return (
    <bdi dir={i18n.dir()} data-record="">
      {visible(children)}
    </bdi>
  )
}

/** Hashes, identifiers and paths: always left to right, in the monospaced face. */
export function Code({ children }: { children: ReactNode }) {
  return (
    <bdi dir="ltr" className="mono" data-record="">
      {visible(children)}
    </bdi>
  )
}

/** One of our sentences. Parts between backticks are shown as code, in their own direction. */
export function Sentence({ children }: { children: string }) {
  const parts = children.split('`').map((part, i) => (i % 2 === 1 ? createElement(Code, null, part) : part))
  return createElement(Fragment, null, ...parts)
}

const visible = (children: ReactNode): ReactNode =>
  Children.map(children, (child) => (typeof child === 'string' ? visibleDirection(child) : child))
