import { identityId } from '@lux/crypto'
import type { DealtBackup } from '../documents/backup/dealt-backup.ts'
import { type Card, cardCodec } from '../documents/people/card.ts'
import { checkRenewal, checkRenewalSignature } from '../documents/people/card-renewal.ts'
import { serverCardCodec } from '../documents/people/server-card.ts'
import { transportCodec } from '../documents/people/transport.ts'
import type { Command, Refusal } from '../model/commands.ts'
import type { BoundEpoch } from '../model/effects.ts'
import type { BoundDestination, Facts, Seat } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import type { State } from '../model/state.ts'
import { repeated } from '../plan/queries.ts'
import { sharedKeys } from '../plan-check/people.ts'
import { otherBackup } from '../steps/recovery/queries.ts'

type Start = Extract<Command, { type: 'start' }>

type Bound<T> = { ok: true; value: T } | Refusal

/** Binds people, tokens and destinations to the run, or says which of them is not the plan's. */
export function bindStart(state: State, command: Start): Bound<Facts['run.started']> {
  const { officers, witnesses, approvers } = command.terms
  const seats = bindSeats(state, command)
  if (!seats.ok) return seats
  const destinations = bindDestinations(state, command)
  if (!destinations.ok) return destinations
  const fault = termsFault(state, command, seats.value)
  if (fault !== null) return refuse('RUN-04', fault)
  const epoch = bindEpoch(state, command)
  if (!epoch.ok) return epoch
  const backup = bindBackup(state, command)
  if (!backup.ok) return backup
  const tokens = bindTokens(state, command)
  if (!tokens.ok) return tokens
  return {
    ok: true,
    value: {
      v: state.plan.v,
      by: command.by,
      planHash: state.planHash,
      policyDigest: state.policyDigest,
      terms: { officers, witnesses, approvers },
      seats: seats.value,
      destinations: destinations.value,
      tokens: tokens.value,
      authorities: command.authorities,
      epoch: epoch.value,
      ...(backup.value === null ? {} : { backup: backup.value }),
    },
  }
}

function bindSeats(state: State, command: Start): Bound<Seat[]> {
  const { people } = state.plan
  if (command.cards.length !== people.length)
    return refuse('RUN-02', `${command.cards.length} cards for ${people.length} people`)
  const seats: Seat[] = []
  const cards: Card[] = []
  for (const [index, person] of people.entries()) {
    const read = cardCodec.check(command.cards[index])
    const who = `${person.role} ${person.name}`
    if (!read.ok) return refuse('RUN-02', `${who}: ${read.detail}`)
    const card = read.value
    if (card.domain !== state.domain) return refuse('RUN-02', `${who}: the card is of domain ${card.domain}`)
    if (card.kind !== person.role || card.name !== person.name)
      return refuse('RUN-02', `${who}: the card is of ${card.kind} ${card.name}`)
    const digest = cardCodec.digest(card)
    if (state.domain === 'production' && digest !== person.card)
      return refuse('RUN-02', `${who}: the card’s digest is ${digest}, the plan names ${person.card}`)
    const seat: Seat = {
      role: person.role,
      name: person.name,
      card: digest,
      signer: identityId(card.keys),
      keys: card.keys,
    }
    const before = card.kind === 'holder' ? cards.find((one) => isSameHolder(one, card)) : undefined
    const renewed = before === undefined ? checkRenewalSignature(card) : checkRenewal(before, card)
    if (!renewed.ok) return refuse('RUN-02', `${who}: ${renewed.rule}: ${renewed.detail}`)
    cards.push(card)
    seats.push(card.recipient === undefined ? seat : { ...seat, recipient: card.recipient })
  }
  const [shared] = sharedKeys(seats)
  return shared === undefined ? { ok: true, value: seats } : refuse('RUN-02', shared.detail)
}

function isSameHolder(one: Card, other: Card): boolean {
  return one.kind === 'holder' && one.name === other.name
}

function bindDestinations(state: State, command: Start): Bound<BoundDestination[]> {
  const planned = state.plan.destinations
  const count = command.destinations.length
  // A bundle of version 1 names one audience; each receipt shows the root in the one node that its server has.
  if (state.plan.v === 1 && count > 1)
    return refuse(
      'RUN-03',
      `${count} destinations, and a bundle of version 1 is for one server with one node`,
    )
  if (state.domain === 'production' && count !== planned.length)
    return refuse('RUN-03', `${count} destinations for ${planned.length} of the plan`)
  const bound: BoundDestination[] = []
  for (const [index, given] of command.destinations.entries()) {
    const card = serverCardCodec.check(given.card)
    if (!card.ok) return refuse('RUN-03', card.detail)
    const audience = serverCardCodec.digest(card.value)
    if (bound.some((one) => one.audience === audience))
      return refuse('RUN-03', `the server ${audience} is a destination twice`)
    const keys = card.value.receiptKey
    const receiptSigner = identityId(keys)
    if (given.transport === null) {
      const wanted = planned[index]
      if (state.domain === 'production' && (wanted?.card !== audience || wanted.transport !== undefined))
        return refuse('RUN-03', `destination ${index + 1} is not the one of the plan`)
      if (card.value.domain !== state.domain)
        return refuse('RUN-03', `the server ${audience} is of another domain`)
      bound.push({ audience, card: audience, receiptSigner, receiptKey: keys })
      continue
    }
    const document = transportCodec.file.check(given.transport)
    if (!document.ok) return refuse('RUN-03', document.detail)
    const { payload } = document.value
    const transport = transportCodec.payload.digest(payload)
    if (card.value.domain !== state.domain || payload.domain !== state.domain)
      return refuse('RUN-03', `the destination ${payload.node} is of another domain`)
    if (payload.audience !== audience)
      return refuse('RUN-03', `the transport key is of the server ${payload.audience}`)
    if (
      state.domain === 'production' &&
      (planned[index]?.card !== audience || planned[index]?.transport !== transport)
    )
      return refuse('RUN-03', `destination ${index + 1} is not the one of the plan`)
    const signed = transportCodec.verify(document.value, state.domain, [
      { role: 'server', members: [{ name: payload.node, keys }], quorum: 1 },
    ])
    if (!signed.ok) return refuse('RUN-03', signed.detail)
    const { node, serial, transportKey, recipient } = payload
    // Blobs and receipts go by the token: one serial is one token.
    if (bound.some((one) => 'serial' in one && one.serial === serial))
      return refuse('RUN-03', `two destinations have the token ${serial}`)
    bound.push({
      audience,
      card: audience,
      transport,
      node,
      serial,
      transportKey,
      recipient,
      receiptSigner,
      receiptKey: keys,
    })
  }
  return { ok: true, value: bound }
}

function termsFault(state: State, command: Start, seats: Seat[]): string | null {
  const { officers, witnesses, approvers } = command.terms
  const needed = (state.plan.decryptions ?? []).some(({ canary }) => canary !== true)
  const seated = (role: string) => seats.filter((seat) => seat.role === role).length
  if (!Number.isSafeInteger(officers) || officers < 1 || officers > seated('officer'))
    return `officers: ${officers} must sign, ${seated('officer')} seated`
  if (!Number.isSafeInteger(witnesses) || witnesses < 0 || witnesses > seated('witness'))
    return `witnesses: ${witnesses} must cosign, ${seated('witness')} seated`
  if (!Number.isSafeInteger(approvers) || approvers < 0 || (needed && approvers > seated('approver')))
    return `approvers: ${approvers} must approve, ${seated('approver')} seated`
  if (needed && approvers === 0) return 'the policy asks for no approver, and nobody decrypts unapproved'
  return null
}

/** The epoch that holders answer in. A rehearsal has a stand-in key for it. */
function bindEpoch(state: State, { epoch }: Start): Bound<Facts['run.started']['epoch']> {
  const planned = state.plan.fhe?.existing
  if ((planned === undefined) !== (epoch === null))
    return refuse('RUN-11', planned === undefined ? 'the plan has no key of before' : 'no epoch is given')
  const same = planned === undefined || (epoch !== null && equalEpochs(planned, epoch))
  if (state.domain === 'production' && !same)
    return refuse('RUN-11', `the epoch is not ${planned?.epochId}, which the plan names`)
  return { ok: true, value: epoch }
}

/** The backup that is checked or opened. A rehearsal has a stand-in for it, of the same root and quorum by name. */
function bindBackup(state: State, { backup }: Start): Bound<DealtBackup | null> {
  const planned = state.plan.recovery?.backup
  if (planned === undefined || backup === null)
    return planned === undefined && backup === null
      ? { ok: true, value: null }
      : refuse('RUN-11', planned === undefined ? 'the plan uses no backup' : 'no backup is given')
  const fault = otherBackup(planned, backup, state.domain)
  return fault === null ? { ok: true, value: backup } : refuse('RUN-11', `the backup has ${fault}`)
}

function equalEpochs(one: BoundEpoch, other: BoundEpoch): boolean {
  return (
    one.keyId === other.keyId &&
    one.epochId === other.epochId &&
    one.epoch === other.epoch &&
    one.public === other.public
  )
}

function bindTokens(state: State, command: Start): Bound<{ role: string; serial: string }[]> {
  const bound: { role: string; serial: string }[] = []
  for (const planned of state.plan.tokens) {
    const given = command.tokens.filter((token) => token.role === planned.role)
    const [token] = given
    if (token === undefined || given.length > 1)
      return refuse('RUN-05', `the role ${planned.role} is bound ${given.length} times`)
    if ((planned.serial === 'new') !== (token.serial === ''))
      return refuse(
        'RUN-05',
        `${planned.role}: the plan says ${planned.serial}, bound is ${token.serial || 'none yet'}`,
      )
    if (state.domain === 'production' && planned.serial !== 'new' && token.serial !== planned.serial)
      return refuse('RUN-05', `${planned.role}: the plan names ${planned.serial}, bound is ${token.serial}`)
    bound.push({ role: planned.role, serial: token.serial })
  }
  if (bound.length !== command.tokens.length)
    return refuse('RUN-05', 'a role is bound that the plan does not have')
  const twice = repeated(bound.map(({ serial }) => serial).filter((serial) => serial !== ''))
  if (twice.length > 0) return refuse('RUN-05', `the token ${twice.join(', ')} has two roles`)
  return { ok: true, value: bound }
}
