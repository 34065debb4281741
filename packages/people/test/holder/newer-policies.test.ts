import { type Policy, type PolicyFile, policyDigest, policyDocument } from '@lux/ceremony/policy'
import { beforeAll, expect, test } from 'vitest'
import { allLater, checkChain, checkNewest, laterVersions } from '../../src/index.ts'
import { ruleOf } from '../support/outcome.ts'
import { shareWorld, type World } from '../support/share-world.ts'

let world: World
let versions: readonly PolicyFile[]

const signed = (policy: Policy): PolicyFile => ({
  policy,
  signatures: [policyDocument.sign(world.officer.identity, policy, policy.domain)],
})
const after = ({ policy }: PolicyFile, change: Partial<Policy> = {}): PolicyFile =>
  signed({ ...policy, version: policy.version + 1, previous: policyDigest(policy), ...change })

beforeAll(async () => {
  world = await shareWorld()
  const second = after(world.file)
  versions = [world.file, second, after(second)]
})

test('a later version counts with every link between, whatever order they were taken in', () => {
  const [first, second, third] = versions
  const numbers = (taken: readonly PolicyFile[]) =>
    laterVersions(world.policy, taken).map(({ version }) => version)
  expect(numbers([third!, first!, second!])).toEqual([2, 3])
  expect(numbers([first!, third!])).toEqual([])
  expect(numbers([first!, { ...second!, signatures: [] }, third!])).toEqual([])
})

test('POLICY-CHAIN what is named as a later version and is none is refused', () => {
  const [, second, third] = versions
  expect(ruleOf(allLater(world.policy, [second!, third!]))).toBe('accepted')
  expect(ruleOf(allLater(world.policy, [third!]))).toBe('POLICY-CHAIN')
  const other = after(world.file, { organisation: { id: 'other', name: 'Other' } })
  expect(ruleOf(allLater(world.policy, [second!, other]))).toBe('POLICY-CHAIN')
})

test('POLICY-CHAIN a gap, another’s version and one that lacks signatures are not taken; first ones and other organisations are', () => {
  const [first, second, third] = versions
  const taking = (file: PolicyFile, taken: readonly PolicyFile[]) =>
    ruleOf(checkChain(file, taken, { signed: true }))
  expect(taking(third!, [])).toBe('accepted')
  expect(taking(third!, [first!])).toBe('POLICY-CHAIN')
  expect(taking(first!, [third!])).toBe('POLICY-CHAIN')
  expect(taking(second!, [first!, third!])).toBe('accepted')
  expect(taking(first!, [second!])).toBe('accepted')
  expect(taking({ ...second!, signatures: [] }, [first!])).toBe('POLICY-CHAIN')
  expect(taking(after(first!, { previous: '11'.repeat(32) }), [first!])).toBe('POLICY-CHAIN')
  expect(taking(signed({ ...world.policy, officerQuorum: 1, requesters: [] }), [first!])).toBe('accepted')
  expect(taking(after(second!, { organisation: { id: 'other', name: 'Other' } }), [first!])).toBe('accepted')
  expect(ruleOf(checkChain({ ...second!, signatures: [] }, [first!], { signed: false }))).toBe('accepted')
  expect(ruleOf(checkChain({ ...third!, signatures: [] }, [first!], { signed: false }))).toBe('POLICY-CHAIN')
})

test('OPENING-OLD a ceremony opens under the newest version that its holder took', () => {
  const [first, second, third] = versions
  expect(ruleOf(checkNewest(world.policy, [first!]))).toBe('accepted')
  expect(ruleOf(checkNewest(world.policy, versions))).toBe('OPENING-OLD')
  expect(ruleOf(checkNewest(third!.policy, [first!, second!, third!]))).toBe('accepted')
})
