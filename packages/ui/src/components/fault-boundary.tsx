import { Component, type ReactNode } from 'react'
import { FailureNotice } from './failure-notice.tsx'

/**
 * Replaces a screen that fails to render by a notice, so that the page is never empty. A new `place` renders afresh. Only the kind of the
 * fault is shown, because its message may quote the screen.
 */
export class FaultBoundary extends Component<
  { place: string; children: ReactNode },
  { fault: string | null }
> {
  override state = { fault: null }

  static getDerivedStateFromError(error: unknown): { fault: string } {
    return { fault: error instanceof Error ? error.name : 'fault' }
  }

  override componentDidUpdate(before: { place: string }): void {
    if (before.place !== this.props.place && this.state.fault !== null) this.setState({ fault: null })
  }

  override render(): ReactNode {
    const { fault } = this.state
    if (fault === null) return this.props.children
    return (
      <FailureNotice
        failure={{ code: 'INTERNAL', detail: `${this.props.place}: ${fault}` }}
        onRetry={() => this.setState({ fault: null })}
      />
    )
  }
}
