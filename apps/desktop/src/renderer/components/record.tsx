import type { ReactNode } from 'react'

/** Text that comes from files, tokens or people, in whatever language: isolated from the direction around it. */
export function Rec({ children }: { children: ReactNode }) {
  return <bdi data-record="">{children}</bdi>
}

/** Hashes, identifiers and paths: always left to right, in the monospaced face. */
export function Code({ children }: { children: ReactNode }) {
  return (
    <bdi dir="ltr" className="mono" data-record="">
      {children}
    </bdi>
  )
}
