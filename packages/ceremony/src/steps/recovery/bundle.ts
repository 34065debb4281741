import type { Predicate } from '../../bundle/predicate.ts'
import { fits, type Recorded } from '../../bundle/recorded.ts'
import { required, type Verification } from '../../bundle/verification.ts'
import { custodianStatementCodec } from '../../documents/backup/custodian-statement.ts'
import { accept, type Outcome, refuse } from '../../documents/format/outcome.ts'
import { askedCustodians } from './queries.ts'

type Recovery = NonNullable<Predicate['recovery']>

/** RECOVERY: each statement is of a custodian of the plan, of this run and of the very share; names who was asked and stated nothing. */
export async function checkRecovery(v: Verification): Promise<Outcome<string>> {
  const plan = required(v.plan)
  const { recovery } = v.predicate
  if (recovery === undefined) return accept('no backup is used')
  const names = plan.recovery?.custodians ?? []
  let last = 0
  for (const { index, name, document } of recovery.statements) {
    if (index <= last)
      return wrong('the statements are not in the order of the shares, or one is there twice')
    last = index
    if (names[index - 1] !== name) return wrong(`${name} is not custodian ${index}`)
    const fault = await statementFault(v, recovery, { index, name, document })
    if (fault !== null) return wrong(`${name}: ${fault}`)
  }
  const asked = askedCustodians(plan)
  const heard = recovery.statements.map(({ name }) => name)
  const silent = asked.filter((name) => !heard.includes(name))
  return accept(
    [
      `${heard.length} of ${names.length} custodians`,
      ...(silent.length === 0 ? [] : [`asked in vain: ${silent.join(', ')}`]),
    ].join('; '),
  )
}

async function statementFault(
  v: Verification,
  { use, backup: { key, set, shares } }: Recovery,
  { index, name, document }: Recovery['statements'][number],
): Promise<string | null> {
  const { domain, ceremonyId } = v.predicate
  const seat = v.run.header.roster.find((one) => one.role === 'custodian' && one.name === name)
  const card = v.people.get(seat?.card ?? '')
  if (card === undefined) return 'has no card of a custodian'
  const parsed = await v.parsed(document, custodianStatementCodec.file)
  if (!parsed.ok) return parsed.detail
  const said = { domain, ceremonyId, use, key, set, index, name, share: shares[index - 1] ?? null }
  if (!fits(parsed.value.payload, said)) return 'states something else'
  const group = { role: 'custodian', members: [{ name, keys: card.keys }], quorum: 1 }
  const signed = custodianStatementCodec.verify(parsed.value, domain, [group])
  return signed.ok ? null : signed.detail
}

/** The medium that was read is the one that was sealed. */
export function recoveryFault(v: Verification, recorded: readonly Recorded[]): string | null {
  const { recovery } = v.predicate
  if (recovery === undefined) return null
  for (const { step, result } of recorded.filter(({ step }) => step.do === 'check-medium'))
    if (result !== null && !fits(result, { medium: recovery.backup.medium }))
      return `${step.id}: another medium was read`
  return null
}

function wrong(detail: string): Outcome<never> {
  return refuse('RECOVERY', detail)
}
