import type { Command } from 'commander'
import type { CommandLine } from './command-line.ts'
import { registerHolderApprove } from './holder-approve.ts'
import { registerHolderEpoch } from './holder-epoch.ts'
import { registerHolderLive } from './holder-live.ts'
import { registerHolderNext } from './holder-next.ts'
import { registerHolderProve } from './holder-prove.ts'
import { registerHolderReceive } from './holder-receive.ts'
import { registerHolderRedeal } from './holder-redeal.ts'
import { registerHolderRefuse } from './holder-refuse.ts'
import { registerHolderRenew } from './holder-renew.ts'

/** A holder without a phone: a share’s whole life on files. */
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
}
