import { Rec } from './record.tsx'

type TimelineStep = {
  readonly id: string
  readonly number: number
  readonly title: string
  readonly state: 'pending' | 'ready' | 'working' | 'unknown' | 'failed' | 'skipped' | 'done'
  /** The state in words. */
  readonly said: string
  /** The deviation at this step, in words. Null where there was none. */
  readonly deviation: string | null
}

export type TimelinePart = {
  readonly id: string
  readonly title: string
  /** When it was done, the present step, or how much is still to come. */
  readonly note: string
  readonly steps: readonly TimelineStep[]
}

/** The whole run in one row. A step that is done can be opened again. */
export function Timeline({
  parts,
  label,
  at,
  open,
  onOpen,
}: {
  parts: readonly TimelinePart[]
  label: string
  /** The present step. */
  at: string | null
  /** The done step that is open again. */
  open: string | null
  onOpen: (id: string) => void
}) {
  return (
    <nav className="timeline" aria-label={label}>
      {parts.map(({ id, title, note, steps }) => {
        const now = steps.some((step) => step.id === at)
        return (
          <section
            key={id}
            className="timeline-part"
            data-now={now ? '' : undefined}
            style={{ flexGrow: Math.max(2, steps.length) }}
          >
            <h3 className="timeline-title">
              <Rec>{title}</Rec>
            </h3>
            <ol className="timeline-steps">
              {steps.map((step) => (
                <li
                  key={step.id}
                  data-state={step.state}
                  data-open={step.id === open ? '' : undefined}
                  data-deviation={step.deviation === null ? undefined : ''}
                  {...(step.id === at ? { 'aria-current': 'step' as const } : {})}
                >
                  {step.state === 'done' ? (
                    <button
                      type="button"
                      title={`${step.number} ${step.title}`}
                      data-record=""
                      onClick={() => onOpen(step.id)}
                    >
                      <Said step={step} />
                    </button>
                  ) : (
                    <span className="timeline-bar" title={`${step.number} ${step.title}`} data-record="">
                      <Said step={step} />
                    </span>
                  )}
                </li>
              ))}
            </ol>
            <span className="timeline-note">
              <Rec>{note}</Rec>
            </span>
          </section>
        )
      })}
    </nav>
  )
}

function Said({ step: { number, title, said, deviation } }: { step: TimelineStep }) {
  return (
    <span className="visually-hidden">
      {[`${number} ${title}`, said, ...(deviation === null ? [] : [deviation])].join(', ')}
    </span>
  )
}
