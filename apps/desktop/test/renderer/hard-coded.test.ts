import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hardCoded } from './hard-coded.ts'

const source = join(import.meta.dirname, '../../src')
const phone = '../../share-holder-mobile-web/src'
const files = ['renderer', 'main', phone, '../../../packages/ui/src'].flatMap((part) =>
  readdirSync(join(source, part), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => join(part, file)),
)

/** Media queries, a command that is typed as it is, a folder, details of errors (which are records), and what a terminal or a test's title says. */
const others = [
  '../../../packages/ui/src/components/lux-theme.tsx: (prefers-color-scheme: dark)',
  '../../../packages/ui/src/qr/qr-sender.tsx: (prefers-reduced-motion: reduce)',
  '../../../packages/ui/src/qr/worker.ts: Error',
  '../../share-holder-mobile-web/src/device/next-epoch.ts: this phone',
  '../../share-holder-mobile-web/src/device/shares.ts: this phone',
  '../../share-holder-mobile-web/src/device/worker.ts: Error',
  'renderer/client.ts: s',
  'renderer/designer/draft-parts.tsx: Alt+ArrowUp Alt+ArrowDown',
  'renderer/holders/holders.tsx: custody holder enrol --name NAME --domain production --out card.json --key key-file',
  'renderer/stores/contrast.ts: (prefers-contrast: more)',
  'main/index.ts: is not for a released app: it could take one of its protections away. Start it without.',
  'main/index.ts: · TEST BUILD',
  'main/index.ts: not from the window',
  'main/index.ts: . Choose another place for the store with LUX_STORE',
  'main/look-at-package.ts: ended with',
  'main/look-at-package.ts: neither a file nor none',
  'main/make-folder.ts: the disk is full',
  'main/make-folder.ts: no folder can be made here',
  'main/core-process.ts: is not as it was packed',
  'main/paths.ts: Lux Custody',
  'main/shell-calls.ts: the window has no such call',
]

test('I18N-SOURCE no text of the window, of its dialogs or of the phone stands in the source', () => {
  expect(files.length).toBeGreaterThan(110)
  const found = files.flatMap((file) =>
    hardCoded(file, readFileSync(join(source, file), 'utf8')).map(
      (text) => `${file}:${text.replace(/^\d+:/, '')}`,
    ),
  )
  expect(found.toSorted()).toEqual(others.toSorted())
})

test.each([
  ['text between tags', 'export const A = () => <p>Proceed</p>'],
  ['an accessible name', 'export const A = () => <button aria-label="close" />'],
  ['a title in braces', "export const A = () => <p title={'close'} />"],
  ['a placeholder', 'export const A = () => <input placeholder="name" />'],
  ['a label of our own component', 'export const A = () => <Field label="pin" />'],
  ['a choice in an attribute', "export const A = ({ b }) => <p title={b ? 'open' : 'shut'} />"],
  ['a default in an attribute', "export const A = ({ b }) => <p aria-label={b ?? 'none'} />"],
  ['one small word in braces', "export const A = () => <dt>{'identifier'}</dt>"],
  ['a choice in braces', "export const A = ({ b }) => <p>{b ? 'accepted' : 'refused'}</p>"],
  ['a word beside a condition', "export const A = ({ b }) => <><b />{b && 'gone'}</>"],
  ['a template', `export const A = ({ n }) => <p>{\`\${n} keys left\`}</p>`],
  ['a template in an attribute', `export const A = ({ n }) => <p title={\`of \${n}\`} />`],
  ['a constant outside', "const text = 'The token is gone'\nexport const A = () => <p>{text}</p>"],
  ['a word of a constant', "const text = 'Proceed'"],
  ['a table of words', "const names = { ok: 'Good', bad: 'Locked' }"],
  ['a joined sentence', "const text = name + ' is locked now'"],
  ['a word in letters outside ASCII', "const word = 'مرفوض'"],
  ['an accent', "const word = 'refusé'"],
  ['words that are joined', "export const A = ({ b }) => <p>{['refused', b].join(' ')}</p>"],
  [
    'a dialog of main',
    "dialog.showMessageBox(window, { message: 'leave?', buttons: ['stay', caption(l, 'x')] })",
  ],
  ['a window’s title', "new BrowserWindow({ title: 'Custody station' })"],
  ['what a function is told', "toast('Saved to the disk')"],
])('I18N-SOURCE %s is found', (_, code) => {
  expect(hardCoded('a.tsx', code).length).toBeGreaterThan(0)
})

test.each([
  [
    'a translated text',
    "export const A = () => <p title={t('home.title')} className=\"two words\">{t('a.b')}</p>",
  ],
  ['a key that is compared', "if (event.key === 'Enter') go('run')"],
  ['misuse told to a programmer', "throw new RangeError('key: expected 32 bytes')"],
  ['a type', "type State = 'Good day' | 'Bad'"],
])('I18N-SOURCE %s is let through', (_, code) => {
  expect(hardCoded('a.tsx', code)).toEqual([])
})
