import { spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peekBundle } from '@lux/ceremony/bundle'
import { ecSpkiFromSec1, fromBase64, sha256Hex, utf8 } from '@lux/crypto'
import {
  confirmAsStandIn,
  createCompanion,
  makeStandInVendor,
  type StandInVendor,
  softTokenEnvironment,
  startHsm,
} from '@lux/hsm'
import { fileReader } from '@lux/node-files'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { resumeCeremony } from '../../src/cli/ceremony/resume.ts'
import { runCeremony } from '../../src/cli/ceremony/run.ts'
import { findProgram } from '../../src/core/program.ts'
import { RunFolder } from '../../src/core/runs/folder/run-folder.ts'
import { ended, ProductionPlace } from './support/production-place.ts'
import { verdictOf } from './support/run-end.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 })

const companionCkaId = '0c0d'
const created = '2025-06-01T00:00:00.000Z'
const subject = 'Test vendor'
const verifier = join(import.meta.dirname, '../../../../tools/verifier/verify.py')

let home: string
let serial: string
let vendor: StandInVendor
let place: ProductionPlace | null
/** DER SubjectPublicKeyInfo of the companion in the token. */
let companion: Uint8Array

/** A soft token as an operator prepares it before a ceremony: initialised, with a companion key. */
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'attested-'))
  place = null
  vendor = makeStandInVendor(subject, created)
  const soft = softTokenEnvironment(join(home, 'token'))
  const hsm = await startHsm({ library: soft.library, environment: soft.environment })
  const made = await hsm
    .token('new')
    .initialise({ label: 'root', soPin: utf8('13579135'), userPin: utf8('246810') })
  serial = made.serial
  const token = hsm.token(serial)
  await token.logIn({ user: 'user', pin: utf8('246810') })
  companion = (await createCompanion(token, { id: companionCkaId, label: 'companion' })).spki
  await token.logOut()
  await hsm.close()
})
afterEach(() => place?.remove())

const chainOf = (spki: Uint8Array) => confirmAsStandIn(vendor, { subject, spki, created })

/** A place whose policy asks for E2 of ceremony key and root, and whose plan has the companion vouch for both. */
function prepared(options: { chain?: Uint8Array; byVendor?: boolean; least?: 'E2' | 'E3' } = {}) {
  const chain = options.chain ?? chainOf(companion)
  mkdirSync(join(home, 'attestations'))
  writeFileSync(join(home, 'attestations', 'chain.p7b'), chain)
  const pem = Buffer.from(vendor.root).toString('base64')
  const certificate = `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`
  writeFileSync(join(home, 'attestations', 'root.pem'), certificate)
  const shipped = readFileSync(join(findProgram().resources, 'scripts', 'attested-root.yaml'), 'utf8')
  const script = join(home, 'script.yaml')
  const step = '- id: attest-ceremony-key\n        do: attest\n        actor: operator\n'
  expect(shipped).toContain(step)
  writeFileSync(script, options.byVendor ? shipped.replace(step, `${step}        by: vendor\n`) : shipped)
  const root = sha256Hex(vendor.root)
  place = new ProductionPlace({
    home,
    script,
    values: {
      serial,
      attestationRoot: root,
      companionCkaId,
      companionChain: sha256Hex(chain),
    },
    policy: {
      attestationRoots: [{ name: 'Vendor', certificate: root, format: 'luna' }],
      leastEvidence: {
        ceremony: options.least ?? 'E2',
        root: 'E2',
        organisation: 'E1',
        project: 'E1',
        data: 'E1',
      },
    },
  })
  const uri = place.uri('user.pin').replace('pkcs11:', `pkcs11:serial=${serial}`)
  return place.options({ token: { ceremony: uri }, answers: place.answers(null) })
}

/** Signs whatever is asked for until nothing more is, or until the run stands somewhere else. */
async function drive(left: Awaited<ReturnType<typeof ended>>, until: string) {
  const at = place!
  for (let round = 0; round < 20 && left.json.state !== 'Closed'; round += 1) {
    expect(left.json).toHaveProperty('waitingFor')
    const waiting = (left.json.waitingFor as string[])[0] ?? ''
    if (waiting === until) return left
    const [request = ''] = left.json.files as string[]
    const signers = waiting === 'checkpoint' ? ['Wanda'] : waiting === 'confirm' ? [] : ['Otto', 'Ophelia']
    for (const name of signers) at.sign(request, name)
    const bundle = waiting === 'confirm' ? String(left.json.digest) : null
    left = await ended(resumeCeremony(at.out, { answers: at.answers(bundle) }, at.program))
  }
  return left
}

async function evidenceOf(out: string) {
  const reader = fileReader(join(out, 'bundle.zip'))
  const peeked = await peekBundle(reader)
  reader.close()
  if (!peeked.ok) throw new Error(peeked.detail)
  return peeked.value.predicate.keyEvidence.map(({ id, evidence }) => [id, evidence])
}

function secondVerdict(out: string): string {
  const run = spawnSync(
    'python3',
    [verifier, join(out, 'bundle.zip'), '--policy', join(home, 'policy.json')],
    {
      encoding: 'utf8',
    },
  )
  return run.stdout.trim()
}

describe('a production run on a token whose companion is attested', () => {
  test('ends closed with ceremony key and root at E2, which both verifiers accept', async () => {
    const { plan, options, program } = prepareAnd()
    const left = await drive(await ended(runCeremony(plan, options, program)), '')
    expect(left).toMatchObject({ exit: 0, json: { state: 'Closed', domain: 'production' } })
    expect(await evidenceOf(place!.out)).toEqual([
      ['ceremony', 'E2'],
      ['root-kek', 'E2'],
    ])
    expect(await verdictOf(place!.out)).toBe('accepted')
    expect(secondVerdict(place!.out)).toMatch(/\naccepted$/)
  })

  test('takes the vendor’s word for the ceremony key itself as E3, once its file is brought', async () => {
    const { plan, options, program } = prepareAnd({ byVendor: true, least: 'E3' })
    let left = await ended(runCeremony(plan, options, program))
    expect(left.json.waitingFor).toEqual(['opening'])
    const folder = RunFolder.open(place!.out)
    const point = folder.state.ceremonyKey?.keys.p256 ?? ''
    folder.close()
    const spki = ecSpkiFromSec1('P-256', fromBase64(point))
    left = await drive(left, 'confirm')
    expect(left).toMatchObject({ exit: 4, json: { step: 'attest-ceremony-key', waitingFor: ['confirm'] } })
    const [asked = ''] = left.json.files as string[]
    const { attestation } = JSON.parse(readFileSync(asked, 'utf8')) as { attestation: { file: string } }
    expect(attestation).toMatchObject({
      how: expect.stringMatching(/./),
      ckaId: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    const again = await resumeCeremony(place!.out, { answers: place!.answers(null) }, place!.program)
    expect(again).toMatchObject({ exit: 4, text: expect.stringContaining(`\n  ${attestation.file}\n`) })
    writeFileSync(attestation.file, chainOf(spki))
    left = await drive(
      await ended(resumeCeremony(place!.out, { answers: place!.answers(null) }, place!.program)),
      '',
    )
    expect(left).toMatchObject({ exit: 0, json: { state: 'Closed' } })
    expect(await evidenceOf(place!.out)).toEqual([
      ['ceremony', 'E3'],
      ['root-kek', 'E2'],
    ])
    expect(await verdictOf(place!.out)).toBe('accepted')
    expect(secondVerdict(place!.out)).toMatch(/\naccepted$/)
  })

  test('ATTESTATION-KEY stops where the vendor’s file is of another key than the companion in the token', async () => {
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const chain = chainOf(stranger.publicKey.export({ type: 'spki', format: 'der' }))
    const { plan, options, program } = prepareAnd({ chain })
    const left = await drive(await ended(runCeremony(plan, options, program)), 'exception')
    expect(left.json).toMatchObject({ step: 'attest-ceremony-key' })
    const [request = ''] = left.json.files as string[]
    expect(readFileSync(request, 'utf8')).toContain('ATTESTATION-KEY: ')
  })

  test('ATTESTATION-MISSING is refused before the token is touched where a file is not beside the plan', async () => {
    const { plan, options, program } = prepareAnd()
    const left = await ended(runCeremony(plan, { ...options, attestations: join(home, 'cards') }, program))
    expect(left).toMatchObject({ exit: 1, json: { code: 'ATTESTATION-MISSING' } })
    expect(existsSync(place!.out)).toBe(false)
  })
})

function prepareAnd(options: Parameters<typeof prepared>[0] = {}) {
  const run = prepared(options)
  return { plan: place!.plan, options: run, program: place!.program }
}
