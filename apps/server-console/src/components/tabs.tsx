import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react'

export type Tab = { readonly id: string; readonly label: string; readonly panel: ReactNode }

/** Tabs. Arrow keys move between them in the direction of the language. */
export function Tabs({ label, tabs }: { label: string; tabs: readonly Tab[] }) {
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState(tabs[0]?.id)

  function pressed(event: KeyboardEvent): void {
    const forward = document.documentElement.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight'
    const back = document.documentElement.dir === 'rtl' ? 'ArrowRight' : 'ArrowLeft'
    const step = event.key === forward ? 1 : event.key === back ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const now = tabs.findIndex((tab) => tab.id === at)
    const next = (now + step + tabs.length) % tabs.length
    setAt(tabs[next]?.id)
    list.current?.querySelectorAll('button')[next]?.focus()
  }

  return (
    <>
      <div ref={list} className="tabs" role="tablist" aria-label={label} onKeyDown={pressed}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${id}-${tab.id}`}
            aria-selected={tab.id === at}
            aria-controls={`${id}-${tab.id}-panel`}
            tabIndex={tab.id === at ? 0 : -1}
            onClick={() => setAt(tab.id)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      {tabs.map((tab) => (
        <div
          key={tab.id}
          className="tab-panel"
          role="tabpanel"
          id={`${id}-${tab.id}-panel`}
          aria-labelledby={`${id}-${tab.id}`}
          hidden={tab.id !== at}
        >
          {tab.panel}
        </div>
      ))}
    </>
  )
}
