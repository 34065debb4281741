export { type ActPart, type ShownAct, useActParts } from './acts/act-parts.tsx'
export { type Line, Lines, Row } from './acts/lines.tsx'
export { Said, SaidLines, type Told } from './acts/said.tsx'
export { isolated, timeOf } from './acts/time.ts'
export { EmptyState } from './components/empty-state.tsx'
export { FailureNotice, FaultBoundary } from './components/failure-notice.tsx'
export { Icon, type IconName } from './components/icon.tsx'
export { type KeyNode, type KeyState, KeyTree } from './components/key-tree.tsx'
export { type Appearance, LuxTheme } from './components/lux-theme.tsx'
export { initialsOf, PersonChip } from './components/person-chip.tsx'
export { QuorumRing } from './components/quorum-ring.tsx'
export { Code, Rec, Saying, Sentence } from './components/record.tsx'
export { ResultCard } from './components/result-card.tsx'
export { Timeline, type TimelinePart } from './components/timeline.tsx'
export { VerdictGroups } from './components/verdict-groups.tsx'
export { visibleDirection } from './components/visible-direction.ts'
export { type CardState, cardsOf, digitsOf, ReadingCard, WordCards } from './components/word-cards.tsx'
export {
  beginReading,
  goOnIn,
  type Look,
  mayDecide,
  type Reading,
  readOn,
  sawPart,
  turnPage,
  unreadParts,
  useSeen,
} from './seen/seen.ts'
