import { useQuery } from '@tanstack/react-query'
import { call } from './client.ts'

export type ApprovalRequest = {
  readonly id: string
  readonly identity: string
  readonly operation: string
  /** Null of a change of who may do what. */
  readonly key: string | null
  readonly asked: string
  readonly state: 'waiting' | 'approved' | 'refused' | 'used' | 'expired'
  readonly needed: number
  readonly approvers: readonly string[]
  readonly decisions: readonly { readonly identity: string; readonly approves: boolean }[]
  readonly names: Readonly<Record<string, string>>
  /** Where officers of the ceremony stand in for approvers. */
  readonly override: {
    readonly signed: { readonly officers: readonly string[]; readonly from: string } | null
    readonly stopped: { readonly by: string } | null
  } | null
  readonly expiresAt: string
}

export function useApprovals() {
  return useQuery({
    queryKey: ['approvals'],
    queryFn: async () =>
      (await call<{ requests: readonly ApprovalRequest[] }>('GET', '/approval-requests')).requests,
    refetchInterval: 15_000,
  })
}

/** Whether a request waits for this person's own decision. */
export const waitsFor = (
  { state, approvers, decisions }: Pick<ApprovalRequest, 'state' | 'approvers' | 'decisions'>,
  self: string,
): boolean =>
  state === 'waiting' && approvers.includes(self) && !decisions.some(({ identity }) => identity === self)

/** What it is done with, each id beside what it is called. Names are quoted: somebody chose them. */
export const saidOf = ({ asked, names }: Pick<ApprovalRequest, 'asked' | 'names'>): string =>
  asked.replace(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, (id) =>
    names[id] === undefined ? id : `${JSON.stringify(names[id])} (${id})`,
  )

/** What an operation is called on its own page, where it has one. */
const labels: Readonly<Record<string, string>> = {
  'key.encrypt': 'console.cipher.encrypt',
  'key.decrypt': 'console.cipher.decrypt',
  'key.rewrap': 'console.cipher.rewrap',
  'key.generate-data-key': 'console.cipher.data-key',
  'key.sign': 'console.sign.sign',
  'key.verify': 'console.sign.verify',
  'key.generate-mac': 'console.mac.make',
  'key.verify-mac': 'console.mac.check',
  'key.delete': 'console.life.delete-submit',
  'key.shred': 'console.life.shred-submit',
  'key.export': 'console.export.submit',
}

/** The text of an operation: a key of the locales, or the operation's own name. */
export const labelOf = (operation: string): { readonly key: string } | { readonly name: string } => {
  const key = labels[operation]
  return key === undefined ? { name: operation } : { key }
}
