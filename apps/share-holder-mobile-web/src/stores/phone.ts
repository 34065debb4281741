import { beginReading, type Reading } from '@lux/ui'
import { create } from 'zustand'
import type {
  Answer,
  Asked,
  EpochAct,
  EpochAsked,
  Files,
  Handover,
  No,
  OpenRequest,
  Overview,
  PasskeyHint,
  PolicySummary,
  Prepared,
  State,
} from '../device/api.ts'
import { connectDevice } from '../device/client.ts'
import { closedState } from '../device/closed-state.ts'
import { askPasskey, makePasskey } from '../device/passkey.ts'
import { openDatabase } from '../storage/open-database.ts'

export type Route =
  | 'inbox'
  | 'card'
  | 'policy'
  | 'receive'
  | 'request'
  | 'log'
  | 'more'
  | 'sheet'
  | 'sign'
  | 'epoch'

/** Words to compare, and their digest. */
type Compared = { readonly label: string; readonly words: readonly string[]; readonly hex: string }

/** What the screens show. Nothing in here is secret. */
type Phone = {
  readonly phase: State['phase'] | 'unknown'
  readonly overview: Overview | null
  readonly route: Route
  /** The passkey that opens this phone, where there is one. */
  readonly passkey: PasskeyHint | null
  /** The name of the work that is under way. */
  readonly busy: string | null
  /** Its progress in blocks, where it reports any. */
  readonly progress: { readonly done: number; readonly of: number } | null
  readonly refused: No | null
  /** The words that are being compared, and the digest of those that were found equal. */
  readonly comparing: Compared | null
  readonly compared: string | null
  /** True: the passphrase is needed before the act that was pressed. */
  readonly confirming: boolean
  readonly policy: { readonly file: Handover; readonly summary: PolicySummary } | null
  readonly request: { readonly files: Files; readonly prepared: Prepared } | null
  /** What is to be signed, told from its bytes. */
  readonly asked: Asked | null
  /** What a run that moves a key asks for. */
  readonly epoch: EpochAsked | null
  /** How far the document of this digest was read. It stays while its words are compared. */
  readonly reading: { readonly of: string; readonly is: Reading } | null
  /** Files to hand over, and what they are. */
  readonly out: {
    readonly what: 'card' | 'proof' | 'approved' | 'refused' | 'signed' | 'epoch' | 'renewed' | 'log'
    readonly files: Files
    /** True: the decision was made before, and its files are given again. */
    readonly again?: boolean
    /** For a run that moves a key: the act that was done. */
    readonly act?: EpochAct
    /** For a renewed card: the words to compare. */
    readonly card?: { readonly digest: string; readonly words: readonly string[] }
  } | null
}

/** What a screen may have open. Another screen begins without any of it. */
const nothingOpen = {
  refused: null,
  confirming: false,
  comparing: null,
  compared: null,
  policy: null,
  request: null,
  asked: null,
  epoch: null,
  reading: null,
  out: null,
} satisfies Partial<Phone>

const start: Phone = {
  phase: 'unknown',
  overview: null,
  route: 'inbox',
  passkey: null,
  busy: null,
  progress: null,
  ...nothingOpen,
}

export const usePhone = create<Phone>(() => start)

const {
  device,
  warm,
  lock: endWorker,
} = connectDevice(
  () => new Worker(new URL('../device/worker.ts', import.meta.url), { type: 'module' }),
  (progress) => usePhone.setState({ progress }),
  async () => {
    const database = await openDatabase(() => undefined)
    try {
      return await closedState(database)
    } finally {
      database.close()
    }
  },
)

export { warm }

const fault: No = { ok: false, rule: 'PHONE-FAULT', detail: '' }

/** Runs one piece of work at a time, and shows its refusal. */
async function work<T>(name: string, asked: () => Promise<Answer<T>>): Promise<T | null> {
  if (usePhone.getState().busy !== null) return null
  usePhone.setState({ busy: name, refused: null })
  try {
    const answer = await asked()
    if (answer.ok) return answer.value
    if (answer.rule === 'PHONE-CONFIRM') usePhone.setState({ confirming: true })
    if (answer.rule === 'PHONE-OTHER-TAB') {
      // Another tab changed the storage, so the phone has to be opened again.
      lock()
      await look()
    }
    usePhone.setState({ refused: answer })
    return null
  } catch (error) {
    usePhone.setState({ refused: { ...fault, detail: error instanceof Error ? error.message : '' } })
    return null
  } finally {
    usePhone.setState({ busy: null, progress: null })
  }
}

export async function look(): Promise<void> {
  try {
    const state = await device.state()
    if (state.phase === 'open') opened(state.overview)
    else usePhone.setState({ phase: state.phase, passkey: state.phase === 'locked' ? state.passkey : null })
  } catch (error) {
    usePhone.setState({ refused: { ...fault, detail: error instanceof Error ? error.message : '' } })
  }
}

const opened = (overview: Overview, more: Partial<Phone> = {}): void =>
  usePhone.setState({ phase: 'open', overview, passkey: overview.passkey, ...more })

export function go(route: Route): void {
  usePhone.setState({ ...nothingOpen, route })
}

/** A document that was never shown counts as unread. */
export const readingOf = (
  { reading }: Pick<Phone, 'reading'>,
  digest: string,
  parts: readonly string[],
): Reading => (reading?.of === digest ? reading.is : beginReading(parts))

export const read = (digest: string, parts: readonly string[], step: (before: Reading) => Reading): void =>
  usePhone.setState((phone) => ({ reading: { of: digest, is: step(readingOf(phone, digest, parts)) } }))

export const compare = (comparing: Compared): void => usePhone.setState({ comparing, refused: null })

export const stopComparing = (): void => usePhone.setState({ comparing: null })

export function matched(): void {
  const { comparing } = usePhone.getState()
  usePhone.setState({ comparing: null, compared: comparing?.hex ?? null })
}

/** The words differ: nothing of it is taken, signed or answered, and it leaves the list. */
export async function theyDiffer(): Promise<void> {
  const { comparing, request, asked } = usePhone.getState()
  const read = comparing?.hex ?? request?.prepared.digest
  const { route } = usePhone.getState()
  go(route)
  if (asked !== null) await signNot(route)
  else if (read !== undefined) await dismissKept(read)
  usePhone.setState({ refused: { ok: false, rule: 'PHONE-WORDS-DIFFER', detail: '' } })
}

/** A request that nobody wants to decide goes off the list. */
export async function dismiss(request: string): Promise<void> {
  const overview = await work('prepare', () => device.dismiss(request))
  if (overview !== null) opened(overview)
}

/** As `dismiss`, where it may not be on the list. */
async function dismissKept(id: string): Promise<void> {
  const { overview } = usePhone.getState()
  if (overview?.open.some((one) => one.id === id)) await dismiss(id)
}

/** The person declines to sign what was read. */
export async function signNot(route: Route = 'inbox'): Promise<void> {
  const overview = await work('prepare', () => device.signNot())
  if (overview !== null) opened(overview, { route })
}

export async function enrol(asked: Parameters<typeof device.enrol>[0]): Promise<void> {
  // Some browsers grant it only after a person pressed something.
  await navigator.storage.persist().catch(() => false)
  const overview = await work('enrol', () => device.enrol(asked))
  if (overview !== null) opened(overview, { route: 'card' })
}

export async function unlock(passphrase: string): Promise<void> {
  const overview = await work('unlock', () => device.unlock(passphrase))
  if (overview !== null) opened(overview, { route: 'inbox' })
}

export async function unlockByPasskey(): Promise<void> {
  const { passkey } = usePhone.getState()
  if (passkey === null) return
  const overview = await work('passkey', async () => {
    const given = await askPasskey(passkey)
    return given.ok ? device.unlockByPasskey(given.value) : given
  })
  if (overview !== null) opened(overview, { route: 'inbox' })
}

/** Gives the passphrase for one act, on a phone that a passkey opened. */
export async function confirm(passphrase: string): Promise<void> {
  const confirmed = await work('unlock', async () => {
    const answer = await device.confirm(passphrase)
    return answer.ok ? { ok: true as const, value: true } : answer
  })
  // A wrong passphrase is asked for again, below its refusal.
  usePhone.setState({ confirming: confirmed === null })
}

export async function addPasskey(passphrase: string): Promise<void> {
  const name = usePhone.getState().overview?.person.name ?? ''
  const overview = await work('passkey', async () => {
    const made = await makePasskey(name)
    return made.ok ? device.addPasskey({ ...made.value, passphrase }) : made
  })
  if (overview !== null) opened(overview)
}

export async function removePasskey(passphrase: string): Promise<void> {
  const overview = await work('passkey', () => device.removePasskey(passphrase))
  if (overview !== null) opened(overview)
}

export function lock(): void {
  endWorker()
  const { passkey } = usePhone.getState()
  usePhone.setState({ ...start, phase: 'locked', passkey })
}

export async function saveCard(): Promise<void> {
  const file = await work('card', () => device.card())
  if (file !== null) usePhone.setState({ out: { what: 'card', files: [file] } })
}

export async function saveLog(): Promise<void> {
  const file = await work('card', () => device.saveLog())
  if (file !== null) usePhone.setState({ out: { what: 'log', files: [file] } })
}

export async function readPolicy([file]: Files): Promise<void> {
  if (file === undefined) return
  const summary = await work('policy', () => device.readPolicy(file))
  if (summary !== null) usePhone.setState({ policy: { file, summary } })
}

export async function takePolicy(): Promise<void> {
  const { policy } = usePhone.getState()
  if (policy === null) return
  const overview = await work('policy', () => device.takePolicy(policy.file))
  if (overview !== null) opened(overview, { route: 'inbox', policy: null })
}

export async function receive(files: Files): Promise<void> {
  const received = await work('receive', () => device.receive(files))
  if (received !== null) {
    const { overview, proof } = received
    opened(overview, { out: { what: 'proof', files: proof === null ? [] : [proof] } })
  }
}

export async function prove(share: string): Promise<void> {
  const proof = await work('prove', () => device.prove(share))
  if (proof !== null) usePhone.setState({ route: 'receive', out: { what: 'proof', files: [proof] } })
}

export async function prepare(files: Files): Promise<void> {
  const prepared = await work('prepare', () => device.prepare(files))
  if (prepared === null) return
  await look()
  if ('decided' in prepared)
    usePhone.setState({ out: { what: prepared.decided, files: prepared.files, again: true } })
  else usePhone.setState({ request: { files, prepared }, reading: null })
}

export async function approve(): Promise<void> {
  const answered = await work('approve', () => device.approve())
  if (answered !== null)
    opened(answered.overview, { request: null, out: { what: 'approved', files: answered.files } })
}

export async function refuse(reason: string): Promise<void> {
  const { request } = usePhone.getState()
  if (request === null) return
  const answered = await work('refuse', () => device.refuse({ files: request.files, reason }))
  if (answered !== null)
    opened(answered.overview, { request: null, out: { what: 'refused', files: answered.files } })
}

export async function makeSheet(
  passphrase: string,
): Promise<{ sheet: Uint8Array; words: readonly string[] } | null> {
  return work('sheet', () => device.makeSheet(passphrase))
}

export async function readSigning([file]: Files): Promise<void> {
  if (file === undefined) return
  const asked = await work('prepare', () => device.readSigning(file))
  if (asked === null) return
  await look()
  usePhone.setState({ asked, reading: null })
}

/** Opens a request on the list again. */
export async function readAgain({ id, kind }: OpenRequest): Promise<void> {
  const files = await work('prepare', () => device.readAgain(id))
  if (files === null) return
  go(kind)
  await (kind === 'request' ? prepare(files) : readSigning(files))
}

export async function sign(): Promise<void> {
  const signed = await work('approve', () => device.sign())
  if (signed !== null) opened(signed.overview, { asked: null, out: { what: 'signed', files: [signed.file] } })
}

export async function renew(share: string): Promise<void> {
  const made = await work('card', () => device.renew(share))
  if (made === null) return
  const { file, digest, words, overview } = made
  opened(overview, { route: 'epoch', out: { what: 'renewed', files: [file], card: { digest, words } } })
}

export async function readEpoch(files: Files): Promise<void> {
  const asked = await work('prepare', () => device.readEpoch(files))
  if (asked !== null) usePhone.setState({ epoch: asked, reading: null })
}

export async function takeEpoch(): Promise<void> {
  const taken = await work('approve', () => device.takeEpoch())
  if (taken !== null)
    opened(taken.overview, { epoch: null, out: { what: 'epoch', files: taken.files, act: taken.act } })
}

export async function checkSheet(asked: Parameters<typeof device.checkSheet>[0]): Promise<void> {
  const overview = await work('sheet', () => device.checkSheet(asked))
  if (overview !== null) opened(overview, { route: 'inbox' })
}

export async function restore(asked: Parameters<typeof device.restore>[0]): Promise<void> {
  await navigator.storage.persist().catch(() => false)
  const overview = await work('sheet', () => device.restore(asked))
  if (overview !== null) opened(overview, { route: 'inbox' })
}

export async function wipe(): Promise<void> {
  const wiped = await work('wipe', () => device.wipe())
  if (wiped === null && usePhone.getState().refused !== null) return
  endWorker()
  usePhone.setState({ ...start, phase: 'new' })
}
