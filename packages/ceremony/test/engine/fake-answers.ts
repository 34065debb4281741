import type { Json } from '@lux/crypto'
import { view } from '../../src/exports/engine.ts'
import type { FakeCore } from './fake-core.ts'
import { answerFor, custodianFor, heartbeatFor, requestFor, requestTime, statementFor } from './fhe-people.ts'
import { sign, someone, someServer } from './seats.ts'

/** Does what the people of the run are asked for, as each of them would. False when nothing is asked. */
export function answerNeeds(core: FakeCore): boolean {
  const { needs, current } = view(core.state)
  if (needs === null) return false
  switch (needs.kind) {
    case 'start':
      core.must(core.startCommand())
      return true
    case 'confirm':
    case 'pin':
    case 'values': {
      const asked = needs.kind === 'confirm' ? [] : needs.values
      const input = Object.fromEntries(
        asked.map(({ id, format }) => [id, format === 'time' ? '2026-01-31T09:00Z' : '42']),
      )
      core.must({
        type: 'proceed',
        step: current!,
        by: needs.names[0]!,
        input,
        heard: needs.kind === 'confirm' ? heardIn(core, needs) : [],
        here: core.plan.people.map(({ name }) => name),
        now: '2026-01-31T09:00:30.000Z',
      })
      return true
    }
    case 'signatures': {
      const roles = { checkpoint: 'witness', 'decryption-approval': 'approver' } as Record<string, string>
      const role = roles[needs.what] ?? 'officer'
      const payload = core.signedBytes(needs.what)
      const person = someone(role, needs.missing[0]!, core.domain)
      core.must({
        type: 'submit',
        what: needs.what,
        payload,
        signature: sign(person.identity, needs.what, core.domain, payload),
        ...(core.here ? { here: true } : {}),
      })
      return true
    }
    case 'acknowledgements': {
      const payload = core.acknowledgement(needs.missing[0]!)
      const person = someone('holder', needs.missing[0]!, core.domain)
      core.must({
        type: 'submit',
        what: 'acknowledgement',
        payload,
        signature: sign(person.identity, 'acknowledgement', core.domain, payload),
      })
      return true
    }
    case 'heartbeats': {
      const [name = ''] = needs.missing
      const payload = heartbeatFor(core, name)
      const { identity } = someone('holder', name, core.domain)
      core.must({
        type: 'submit',
        what: 'heartbeat',
        payload,
        signature: sign(identity, 'heartbeat', core.domain, payload),
      })
      return true
    }
    case 'share-releases':
    case 'share-checks': {
      const [name = ''] = needs.missing
      const payload = statementFor(core, name)
      const { identity } = someone('custodian', name, core.domain)
      core.must({
        type: 'submit',
        what: 'custodian-statement',
        payload,
        signature: sign(identity, 'custodian-statement', core.domain, payload),
      })
      return true
    }
    case 'custodian-acknowledgements': {
      const [name = ''] = needs.missing
      const payload = custodianFor(core, name)
      const { identity } = someone('custodian', name, core.domain)
      core.must({
        type: 'submit',
        what: 'custodian-acknowledgement',
        payload,
        signature: sign(identity, 'custodian-acknowledgement', core.domain, payload),
      })
      return true
    }
    case 'receipt': {
      const payload = core.receipt()
      core.must({
        type: 'submit',
        what: 'receipt',
        payload,
        signature: sign(someServer(core.domain).receipt, 'receipt', core.domain, payload),
      })
      return true
    }
    case 'request':
      core.must({
        type: 'take-request',
        decryption: needs.decryption,
        package: requestFor(core, needs.decryption) as unknown as Json,
        now: requestTime,
      })
      return true
    case 'answers':
    case 'result':
    case 'epoch-approvals':
    case 'redeals':
      core.must(answerFor(core, needs))
      return true
    case 'exception':
      core.must({
        type: 'decide-exception',
        by: 'Officer One',
        decision: needs.choices[0]!,
        reason: 'decided in the test',
        head: core.head(),
      })
      return true
    case 'resume':
      core.must({ type: 'resume', by: 'Operator' })
      return true
    case 'wait':
      throw new Error(`nothing is owed, yet the run waits for ${needs.effect}`)
  }
}

/** Somebody else than the reader says that they heard. */
function heardIn(core: FakeCore, { names, shows }: { names: string[]; shows: { hex: string }[] }) {
  const by = core.plan.people.flatMap(({ name }) => (name === names[0] ? [] : [name])).slice(0, 1)
  return shows.map(({ hex }) => ({ digest: hex, by }))
}
