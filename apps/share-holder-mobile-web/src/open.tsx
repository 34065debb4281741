import type { ReactNode } from 'react'
import { Card } from './screens/card.tsx'
import { Compare } from './screens/compare.tsx'
import { Epoch } from './screens/epoch.tsx'
import { Inbox } from './screens/inbox.tsx'
import { Log } from './screens/log.tsx'
import { More } from './screens/more.tsx'
import { Policy } from './screens/policy.tsx'
import { Receive } from './screens/receive.tsx'
import { Request } from './screens/request.tsx'
import { Sheet } from './screens/sheet.tsx'
import { Sign } from './screens/sign.tsx'
import { type Route, usePhone } from './stores/phone.ts'

const screens: Readonly<Record<Route, () => ReactNode>> = {
  inbox: Inbox,
  card: Card,
  policy: Policy,
  receive: Receive,
  request: Request,
  log: Log,
  more: More,
  sheet: Sheet,
  sign: Sign,
  epoch: Epoch,
}

/** All screens of an unlocked phone. */
export function Open() {
  const route = usePhone((phone) => phone.route)
  const comparing = usePhone((phone) => phone.comparing !== null)
  const Screen = comparing ? Compare : screens[route]
  return <Screen />
}
