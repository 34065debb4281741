import { Icon, Rec } from '@lux/ui'
import { Button, DropdownMenu } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { DomainBadge, RunStateBadge } from '../components/state-badge.tsx'
import { screens } from '../shell/screens.ts'
import { lock } from '../stores/idle.ts'
import { useHere } from '../stores/room.ts'
import { hrefOf } from '../stores/route.ts'
import { useShell } from '../stores/shell.ts'
import { turnWall, useWall } from '../stores/wall.ts'
import { clockOf, useNow } from './elapsed.tsx'
import { lastDone } from './phase.ts'
import { peopleOf } from './run-people.ts'

/** What runs here and for how long, who is here, and the time. */
export function StageBar({
  view,
  railOpen,
  onRail,
}: {
  view: RunView
  railOpen: boolean
  onRail: () => void
}) {
  const { t } = useTranslation()
  const here = useHere(view)
  const people = peopleOf(view).length
  const wall = useWall(({ open }) => open)
  return (
    <header className="stage-bar">
      <Menu />
      <h1>
        <Rec>{view.title}</Rec>
      </h1>
      <span className="stage-organisation">
        <Rec>{view.organisation}</Rec>
      </span>
      <DomainBadge domain={view.domain} />
      <RunStateBadge state={view.state} />
      <span className="stage-end">
        <span className="stage-people">
          <Icon name="holders" size={18} />
          {here.length === 0
            ? t('stage.people', { count: people })
            : t('stage.people-here', { here: here.length, count: people })}
        </span>
        <Button
          variant="ghost"
          color="gray"
          highContrast
          aria-pressed={wall}
          aria-label={t(wall ? 'stage.wall.on' : 'stage.wall.open')}
          onClick={() => void turnWall(!wall)}
        >
          <Icon name="wall" size={18} />
          <span className="stage-wall">{t(wall ? 'stage.wall.on' : 'stage.wall.open')}</span>
        </Button>
        <Button
          className="stage-drawer"
          variant="ghost"
          color="gray"
          highContrast
          aria-expanded={railOpen}
          onClick={onRail}
        >
          <Icon name="panel" size={18} />
          {t('stage.rail')}
        </Button>
        <Times view={view} />
      </span>
    </header>
  )
}

/** Every other screen, from here: the stage has no navigation of its own beside it. */
function Menu() {
  const { t } = useTranslation()
  const core = useShell((state) => state.core)
  return (
    <nav className="stage-menu" aria-label={t('frame.navigation')}>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger>
          <button type="button" className="stage-logo">
            <span className="stage-mark">
              <Icon name="key" size={18} />
            </span>
            {t('stage.menu')}
          </button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Content>
          {screens.map((screen) => (
            <DropdownMenu.Item key={screen} asChild>
              <a href={hrefOf(screen)}>
                <Icon name={screen} />
                {t(`frame.go.${screen}`)}
              </a>
            </DropdownMenu.Item>
          ))}
          <DropdownMenu.Separator />
          <DropdownMenu.Item onSelect={() => lock()}>
            <Icon name="cover" />
            {t('frame.cover')}
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Root>
      <span className="visually-hidden">{t(`frame.core.${core.state}`)}</span>
    </nav>
  )
}

/** Not live for screen readers: it would be read out every second. */
function Times({ view }: { view: RunView }) {
  const { t } = useTranslation()
  const now = useNow()
  const ended = view.current === null ? lastDone(view)?.doneAt : null
  const since = (ended ? Date.parse(ended) : now) - Date.parse(view.created)
  return (
    <span className="stage-times">
      <span className="stage-running">
        {t('stage.running')} <bdi data-record="">{clockOf(since)}</bdi>
      </span>
      <span>
        {t('stage.utc')} <bdi data-record="">{new Date(now).toISOString().slice(11, 19)}</bdi>
      </span>
    </span>
  )
}
