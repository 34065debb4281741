import { Children, createElement, Fragment, type ReactNode } from 'react'
import { visibleDirection } from './visible-direction.ts'

/** Text that comes from files, tokens or people, in whatever language: isolated from the direction around it. */
export function Rec({ children }: { children: ReactNode }) {
  return <bdi data-record="">{visible(children)}</bdi>
}

/** Hashes, identifiers and paths: always left to right, in the monospaced face. */
export function Code({ children }: { children: ReactNode }) {
  return (
    <bdi dir="ltr" className="mono" data-record="">
      {visible(children)}
    </bdi>
  )
}

/** A sentence of ours in which what is to be typed stands between backticks: each such part is code, in its own direction. */
export function Sentence({ children }: { children: string }) {
  const parts = children.split('`').map((part, i) => (i % 2 === 1 ? createElement(Code, null, part) : part))
  return createElement(Fragment, null, ...parts)
}

const visible = (children: ReactNode): ReactNode =>
  Children.map(children, (child) => (typeof child === 'string' ? visibleDirection(child) : child))
