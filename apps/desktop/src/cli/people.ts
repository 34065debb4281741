import type { Card } from '@lux/ceremony/wire'
import { registerCustodian } from './custodian/custodian.ts'
import { registerHolderShare } from './holder/holder.ts'
import { registerEnrol } from './person/enrol.ts'
import { registerSigning } from './person/sign.ts'
import type { CommandLine } from './shell/command-line.ts'

const descriptions: Record<Card['kind'], string> = {
  officer: 'A crypto officer’s own device: enrol, approve.',
  witness: 'A witness’s own device: enrol, cosign.',
  holder: 'A share holder: enrol, receive, prove, approve, refuse, renew, and a share’s next epoch.',
  custodian: 'A custodian of a root’s backup: enrol, receive, prove, check, state, give.',
  approver: 'An approver of decryptions: enrol, approve.',
  requester: 'Who asks for decryptions: enrol.',
  evaluator: 'Who computes on ciphertexts and vouches for them: enrol.',
  encryptor: 'Who encrypts inputs and signs them: enrol.',
  administrator: 'Who leads a ceremony: enrol.',
  operator: 'Who works at the workstation: enrol.',
  so: 'The security officer of a token: enrol.',
  recorder: 'Who keeps the record of a ceremony: enrol.',
}

/** One group of commands per kind of person: all work on files, on the person’s own device. */
export function registerPeople(cli: CommandLine): void {
  // Object.keys of a record gives exactly its keys.
  for (const kind of Object.keys(descriptions) as (keyof typeof descriptions)[]) {
    const group = cli.program.command(kind).description(descriptions[kind]).helpGroup('People:')
    registerEnrol(group, kind, cli)
    if (kind === 'officer' || kind === 'approver') registerSigning(group, kind, 'approve', cli)
    if (kind === 'witness') registerSigning(group, kind, 'cosign', cli)
    if (kind === 'holder') registerHolderShare(group, cli)
    if (kind === 'custodian') registerCustodian(group, cli)
  }
}
