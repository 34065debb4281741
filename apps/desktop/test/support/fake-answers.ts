import { account } from './fake-account.ts'
import { openingAct } from './fake-act.ts'
import { draft } from './fake-draft.ts'
import { requests } from './fake-requests.ts'
import { approving, knownOfficers, setup } from './fake-setups.ts'
import { shares } from './fake-shares.ts'
import { examination, onlyOnce, token, trial, unproved } from './fake-tokens.ts'
import { current, hex, ok, run, words } from './fake-views.ts'
import { runs } from './fake-waits.ts'

type Answer = unknown | ((input: Record<string, unknown>) => unknown)

const summary = {
  ...run,
  at: { id: 'open-run', do: 'open-run', title: 'Sign the opening certificate' },
  actor: current.actor,
  over: false,
}

const storeBackup = {
  path: '/media/usb/store.age',
  digest: hex,
  words,
  bytes: 48_211,
  made: '2026-05-04T09:00:00.000Z',
  runs: 3,
}

const kinds = ['step.intended', 'step.performed', 'signature.accepted', 'run.started'] as const
/** As long as the longest transcript that the screen has to take. */
const entries = Array.from({ length: 10_000 }, (_, seq) => ({
  seq,
  time: '2026-11-24T16:00:00.000Z',
  stepId: 'generate-organisation',
  kind: kinds[seq % 3] ?? kinds[3],
  summary: `attempt 1 · note line ${seq}`,
  fact: `{"attempt":"1","by":"Ines Duarte","effect":"generate-key","name":"Mei Tanaka","note":"line ${seq}","what":"opening"}`,
  leaf: hex,
}))

function transcriptPage({ filter, offset, limit }: Record<string, unknown>): unknown {
  const { text = '', kinds: wanted = [] } = (filter ?? {}) as { text?: string; kinds?: string[] }
  const matching = entries.filter(
    ({ kind, summary: line }) => line.includes(text) && (wanted.length === 0 || wanted.includes(kind)),
  )
  return ok({
    total: entries.length,
    matching: matching.length,
    entries: matching.slice(Number(offset), Number(offset) + Number(limit)),
    kinds,
    chain: { state: 'intact', entries: entries.length, node: hex, words, detail: null },
  })
}

/** What each API says; `empty` is a machine that nobody has used yet. */
export function answers(plan: string): Record<string, Answer> {
  const empty = plan === 'empty'
  return {
    'app.info': {
      version: '0.1.0',
      build: 'dev:0000000',
      node: 'v24.21.0',
      system: 'Linux 6.1 x64',
      store: '/store',
      training: true,
      library: {
        path: '/usr/lib/softhsm/libsofthsm2.so',
        maker: 'SoftHSM',
        description: 'SoftHSM',
        version: '2.6',
        sha256: hex,
      },
      tokens: empty ? [] : [{ manufacturer: token.manufacturer, model: token.model }],
      selfTest: [
        { name: 'SHA-256', passed: true, detail: '' },
        { name: 'ML-DSA-65', passed: true, detail: '' },
      ],
      interfaces: empty ? [] : ['eth0'],
      clock: '2026-11-24T16:30:00.000Z',
      disk: { free: 41_000_000_000, total: 120_000_000_000 },
    },
    'library.state': {
      source: 'own',
      loaded: {
        path: '/usr/lib/softhsm/libsofthsm2.so',
        maker: 'SoftHSM',
        description: 'SoftHSM',
        version: '2.6',
        sha256: hex,
      },
      failure: null,
      chosen: null,
      found: [
        {
          path: '/usr/lib/softhsm/libsofthsm2.so',
          profile: 'softhsm',
          name: 'SoftHSM 2',
          sha256: hex,
          failure: null,
        },
      ],
    },
    'tokens.list': {
      library: {
        path: '/usr/lib/softhsm/libsofthsm2.so',
        maker: 'SoftHSM',
        description: 'SoftHSM',
        version: '2.6',
        sha256: hex,
      },
      slots: empty
        ? [{ slot: '0', token: null, failure: null }]
        : [
            { slot: '1204871312', token, failure: null },
            {
              slot: '1',
              token: { ...token, serial: '', label: '', initialised: false, session: 'none', probe: null },
              failure: null,
            },
            { slot: '2', token: unproved, failure: null },
            { slot: '3', token: null, failure: null },
            { slot: '4', token: onlyOnce, failure: null },
            {
              slot: '5',
              token: null,
              failure: { code: 'HSM-TOKEN-DAMAGED', detail: 'CKR_TOKEN_NOT_RECOGNIZED' },
            },
          ],
    },
    'tokens.inventory': {
      private: true,
      objects: [
        {
          id: hex.slice(0, 32),
          label: 'root KEK',
          class: 'secret-key',
          type: 'AES-256',
          flags: { sensitive: true, wrap: true, unwrap: true, extractable: false },
          unreadable: [{ attribute: 'ALWAYS_SENSITIVE', reason: 'CKR_ATTRIBUTE_TYPE_INVALID' }],
          ceremony: run.title,
        },
        {
          id: hex.slice(32),
          label: 'stray',
          class: 'secret-key',
          type: 'AES-256',
          flags: { sensitive: false, extractable: true },
          unreadable: [],
          ceremony: null,
        },
      ],
    },
    'tokens.logIn': { ok: false, error: { code: 'HSM-PIN-WRONG', detail: 'CKR_PIN_INCORRECT' } },
    'tokens.probe': ok({ probe: token.probe }),
    'tokens.tryOut': ok({ trial }),
    'tokens.examine': ok({ examination }),
    'tokens.initialise': () => ok({ token }),
    'tokens.trainingPins': { ok: true, value: { pins: null } },
    'tokens.logOut': ok({ token }),
    'tokens.changePin': { ok: false, error: { code: 'HSM-PIN-WRONG', detail: 'CKR_PIN_INCORRECT' } },
    'tokens.resetUserPin': ok({ token }),
    'tokens.destroyObject': ok({ destroyed: 1 }),
    'ceremonies.list': {
      ceremonies: empty
        ? []
        : [
            summary,
            { ...summary, id: 'c2', title: 'Data keys for billing', state: 'exception' },
            { ...summary, id: 'c3', title: 'Board key', state: 'closed', over: true, at: null, actor: null },
          ],
      unreadable: empty
        ? []
        : [
            {
              id: 'c9',
              failure: { code: 'STORE-DAMAGED', detail: '/store/ceremonies/c9: an entry does not parse' },
            },
          ],
    },
    'ceremonies.scripts': {
      scripts: [
        {
          id: 'first-run',
          title: 'First run',
          summary: 'Token, root, organisation and project keys, an FHE key with three holders, one bundle.',
          ownDevices: [],
          kinds: ['token-initialisation', 'root-kek'],
          fields: [
            { name: 'organisation', type: 'text', label: 'Organisation', initial: 'Northwind Trust' },
            {
              name: 'quorum',
              type: 'integer',
              label: 'Holders who must agree',
              initial: '2',
              min: 2,
              max: 3,
            },
            {
              name: 'algorithm',
              type: 'choice',
              label: 'Data key',
              choices: ['AES-256', 'RSA-4096'],
              initial: 'AES-256',
            },
          ],
        },
        {
          id: 'root',
          title: 'Root KEK',
          summary: 'A root key alone.',
          ownDevices: [],
          kinds: ['root-kek'],
          fields: [],
        },
      ],
    },
    'ceremonies.startRehearsal': ok({ id: 'c1' }),
    'ceremonies.view': ({ id }: Record<string, unknown>) => ok(runs.get(String(id)) ?? run),
    'ceremonies.proceed': ok(run),
    'ceremonies.signAsStandIn': ok(run),
    'ceremonies.enterPin': { ok: false, error: { code: 'HSM-PIN-WRONG', detail: 'CKR_PIN_INCORRECT' } },
    'ceremonies.toSign': ok({ shown: openingAct, digest: '5a'.repeat(32) }),
    'home.due': ok({
      due: empty
        ? []
        : [
            {
              kind: 'heartbeat',
              title: 'Study 14',
              names: ['Yusuf Demir'],
              at: '2026-11-26T00:00:00.000Z',
              late: true,
              run: 'c1',
            },
            { kind: 'store-backup', title: '', names: [], at: null, late: false, run: null },
          ],
    }),
    'scripts.drafts': ok({
      drafts: empty
        ? []
        : [{ id: 'd1', title: draft.title, changed: '2026-11-28T10:00:00.000Z', faults: 1, frozen: false }],
    }),
    'scripts.begin': ok({ id: 'd1' }),
    'scripts.draft': ok(draft),
    'scripts.edit': ok(draft),
    'scripts.freeze': ok(draft),
    'scripts.save': ok({ path: '/media/usb/script.yaml' }),
    'scripts.discard': ok({}),
    'setups.list': {
      setups: empty
        ? []
        : [
            {
              id: 's1',
              title: setup.title,
              changed: '2026-11-24T16:00:00.000Z',
              next: setup.next,
              signed: { given: 0, required: 2 },
              run: null,
            },
            {
              id: 's2',
              title: approving.title,
              changed: '2026-11-24T16:00:00.000Z',
              next: approving.next,
              signed: { given: 1, required: 2 },
              run: null,
            },
          ],
    },
    'setups.begin': ok({ id: 's1' }),
    'setups.view': ({ id }: Record<string, unknown>) => ok(id === 's2' ? approving : setup),
    'setups.change': ok(setup),
    'setups.take': { ok: false, error: { code: 'CARD-DOMAIN', detail: 'Ada: a card of rehearsal' } },
    'setups.takeCarried': { ok: false, error: { code: 'CARD-TWICE', detail: 'Ada, officer' } },
    'setups.known': ok({ people: knownOfficers }),
    'setups.seat': ok(setup),
    'setups.enrol': ok(setup),
    'setups.remove': ok(setup),
    'setups.reopen': ok(setup),
    'setups.sign': { ok: false, error: { code: 'KEY-PASSPHRASE', detail: 'ada.key' } },
    'setups.request': ok({ paths: ['/media/usb/policy.json'] }),
    'setups.carry': ok({ payload: 'e30=' }),
    'setups.rehearse': ok(setup),
    'setups.print': ok({
      text: 'Root 2026',
      parts: [
        {
          kind: 'root-kek',
          title: 'root-kek',
          steps: [
            {
              ...{
                id: 'generate-root',
                do: 'generate-root',
                title: 'generate-root',
                textKey: 'script.step.generate-root',
              },
              text: 'Make the root key.',
              actor: { role: 'operator', name: 'Ines Duarte, علي حسن, 王小明, 山田花子, 김민지' },
              values: ['Serial'],
              cosigned: true,
            },
          ],
        },
      ],
    }),
    'setups.export': ok({ paths: ['/media/usb/plan.yaml'] }),
    'setups.lock': ok({ run: 'c1' }),
    'setups.discard': ok({}),
    'holders.list': {
      holders: empty
        ? []
        : [
            {
              id: hex,
              name: 'Salma Idris',
              kind: 'holder',
              domain: 'rehearsal',
              words,
              recipient: `age1pq1${hex}`,
              algorithms: ['Ed25519', 'ML-DSA-65'],
              note: 'phone, blue case',
              renews: null,
              enrolledAt: '2026-11-20T10:00:00.000Z',
              shares: 1,
            },
          ],
    },
    'approvals.list': { requests: empty ? [] : requests, unreadable: [] },
    'shares.list': { shares: empty ? [] : shares },
    'shares.received': ok({ shares }),
    'bundles.list': {
      unreadable: [],
      bundles: empty
        ? []
        : [
            {
              id: 'c3',
              title: 'Board key',
              domain: 'rehearsal',
              digest: hex,
              words,
              path: '/store/ceremonies/c3/bundle.zip',
              bytes: 61_400_000,
              sealedAt: '2026-11-20T12:00:00.000Z',
              exported: true,
              receipted: false,
              awaitsReceipt: true,
              policy: '/store/ceremonies/c3/policy.json',
            },
          ],
    },
    'files.name': ok({ what: 'unknown', belongs: [] }),
    'bundles.verify': ok({
      path: '/store/ceremonies/c3/bundle.zip',
      taken: null,
      verdict: 'consistent',
      rule: 'POLICY-MISSING',
      detail: 'no policy was given',
      checks: [
        { name: 'ZIP-PROFILE', outcome: 'passed', detail: '' },
        { name: 'POLICY-MISSING', outcome: 'failed', detail: 'no policy was given' },
        { name: 'MANIFEST-SIGNATURES', outcome: 'not-run', detail: 'POLICY-MISSING did not pass' },
      ],
      signedHere: ['Mei Tanaka'],
      unproved: ['signers', 'rehearsal', 'hardware', 'room', 'clock', 'signed-here', 'signed-before'],
      notes: [{ id: 'heard', state: 'signed', values: ['Wim Janssen'] }],
      policy: null,
      contents: {
        title: 'Board key',
        ceremony: hex.slice(0, 32),
        organisation: 'Northwind Trust',
        domain: 'rehearsal',
        digest: hex,
        words,
        planHash: hex,
        entries: 58,
        checkpoints: 4,
        signers: null,
        files: [{ name: `blobs/${hex}`, what: 'plan', bytes: 4211 }],
      },
    }),
    'bundles.papers': ok({ policy: setup, plan: setup, parts: [] }),
    'bundles.takeAway': ok({
      path: '/media/usb/ceremony-f3a1c0de5b7724e1',
      files: ['bundle.zip', 'transcript.jsonl', 'verdict.pdf', 'SHA256SUMS'],
    }),
    'transcript.page': transcriptPage,
    'transcript.account': ok(account),
    'transcript.export': ok({ path: '/media/usb/transcript.jsonl', entries: 10_000 }),
    'store.backup': ok({ backup: storeBackup, elsewhere: [] }),
    'store.check': ok({ backup: storeBackup }),
    'store.restore': ok({ backup: storeBackup }),
    'report.save': ok({ path: '/tmp/report.txt', bytes: 1200 }),
  }
}
