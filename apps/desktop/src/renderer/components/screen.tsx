import { Heading } from '@radix-ui/themes'
import { type ReactNode, useEffect, useLayoutEffect, useRef } from 'react'

type ScreenProps = {
  title: ReactNode
  lead?: ReactNode
  actions?: ReactNode
  children: ReactNode
  name: string
}

/** One screen: its h1 takes the focus when it opens, so that a screen reader starts there. */
export function Screen({ title, lead, actions, children, name }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  // Before every effect of what stands on the screen: its next action takes the focus from here.
  // biome-ignore lint/correctness/useExhaustiveDependencies: again for every screen
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), [name])
  return (
    <div className="screen" data-screen={name}>
      <header className="screen-head">
        <div>
          <Heading as="h1" size="6" tabIndex={-1} ref={heading}>
            {title}
          </Heading>
          {lead ? <p>{lead}</p> : null}
        </div>
        {actions ? <div className="actions">{actions}</div> : null}
      </header>
      {children}
    </div>
  )
}

/**
 * For the one next action of a screen: the focus goes on to it from the heading, once it can be pressed. What a person has chosen
 * meanwhile keeps it.
 */
export function useFocusFirst() {
  const next = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    const { activeElement } = document
    if (activeElement === document.body || activeElement?.matches('h1') === true)
      next.current?.focus({ preventScroll: true })
  }, [])
  return next
}

export function Section({
  title,
  actions,
  children,
}: {
  title: ReactNode
  actions?: ReactNode
  children: ReactNode
}) {
  return (
    <section className="section">
      <div className="section-head">
        <Heading as="h2" size="3">
          {title}
        </Heading>
        {actions ? <div className="actions">{actions}</div> : null}
      </div>
      {children}
    </section>
  )
}
