import type { Command } from 'commander'
import type { CommandLine } from '../shell/command-line.ts'
import { registerHolderApprove } from './approve.ts'
import { registerHolderEpoch } from './approve-epoch.ts'
import { registerHolderHeartbeat } from './heartbeat.ts'
import { registerHolderLive } from './live.ts'
import { registerHolderProve } from './prove.ts'
import { registerHolderReceive } from './receive.ts'
import { registerHolderNext } from './receive-next.ts'
import { registerHolderRedeal } from './redeal.ts'
import { registerHolderRefuse } from './refuse.ts'
import { registerHolderRenew } from './renew.ts'

/** A share’s whole life on files. */
export function registerHolderShare(group: Command, { act }: CommandLine): void {
  registerHolderReceive(group, act)
  registerHolderProve(group, act)
  registerHolderApprove(group, act)
  registerHolderRefuse(group, act)
  registerHolderRenew(group, act)
  registerHolderEpoch(group, act)
  registerHolderRedeal(group, act)
  registerHolderNext(group, act)
  registerHolderLive(group, act)
  registerHolderHeartbeat(group, act)
}
