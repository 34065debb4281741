import { Children, type ReactNode } from 'react'
import { visibleDirection } from '../visible-direction.ts'

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

const visible = (children: ReactNode): ReactNode =>
  Children.map(children, (child) => (typeof child === 'string' ? visibleDirection(child) : child))
