export { EmptyState } from './components/empty-state.tsx'
export { FailureNotice } from './components/failure-notice.tsx'
export { FaultBoundary } from './components/fault-boundary.tsx'
export { Icon, type IconName } from './components/icon.tsx'
export { type KeyNode, type KeyState, KeyTree } from './components/key-tree.tsx'
export { type Appearance, LuxTheme } from './components/lux-theme.tsx'
export { initialsOf, PersonChip, type Presence } from './components/person-chip.tsx'
export { QuorumRing, type Voice } from './components/quorum-ring.tsx'
export { ReadingCard } from './components/reading-card.tsx'
export { Code, Rec, Sentence } from './components/record.tsx'
export { ResultCard, type ResultState } from './components/result-card.tsx'
export { Timeline, type TimelinePart, type TimelineStep } from './components/timeline.tsx'
export { type VerdictGroup, VerdictGroups } from './components/verdict-groups.tsx'
export { visibleDirection } from './components/visible-direction.ts'
export { type CardState, cardsOf, digitsOf, WordCards, wordsPerCard } from './components/word-cards.tsx'
export {
  beginReading,
  type Look,
  mayDecide,
  type Reading,
  readOn,
  sawPart,
  turnPage,
  unreadParts,
} from './seen/seen.ts'
export { useSeen } from './seen/use-seen.ts'
