/** A source of its own in the folder it names, in which the linter has to find `rule`; `file`: where its name counts. */
export type Arrow = { claim: string; in: string; text: string; rule: string; file?: string }

export const take = (from: string): string => `import { it } from '${from}'\n\nexport const taken = it\n`
export const later = (from: string): string => `export const taken = import('${from}')\n`
/** Ways to a module that no rule about imports sees. */
const hidden = {
  'a name made up': "const name = 'node-' + 'tfhe'\n\nexport const it = import(name)\n",
  'a template': 'export const it = import(`node-tfhe`)\n',
  createRequire:
    "import { createRequire } from 'node:module'\n\nexport const it = createRequire(import.meta.url)('node-tfhe')\n",
  'node:module as a whole': "import * as all from 'node:module'\n\nexport const it = all['createRequire']\n",
  require: "export const it = require('node-tfhe')\n",
  getBuiltinModule: "export const it = process.getBuiltinModule('node:fs')\n",
  eval: "export const it = eval('1')\n",
  Function: "export const it = new Function('return 1')\n",
}
const undeclared = 'correctness/noUndeclaredDependencies'
export const restricted = 'style/noRestrictedImports'
const noNode = 'correctness/noNodejsModules'
const globals = 'style/noRestrictedGlobals'

const crypto = 'packages/crypto/src'
export const hsm = 'packages/hsm/src'
const nodeFiles = 'packages/node-files/src'
export const ceremony = 'packages/ceremony/src'
export const people = 'packages/people/src'
export const desktop = 'apps/desktop/src'
export const server = 'apps/companion-server/src'
export const ui = 'packages/ui/src'
export const phone = 'apps/share-holder-mobile-web/src'
export const serverConsole = 'apps/server-console/src'

export const forbidden: readonly Arrow[] = [
  { claim: 'the console runs in a browser', in: serverConsole, text: take('node:fs'), rule: noNode },
  {
    claim: 'the console does not know crypto',
    in: serverConsole,
    text: take('@lux/crypto'),
    rule: restricted,
  },
  {
    claim: 'the console knows the server by HTTP alone',
    in: `${serverConsole}/api`,
    text: take('../../../companion-server/src/keys/operations.ts'),
    rule: restricted,
  },
  { claim: 'phone runs in a browser', in: phone, text: take('node:fs'), rule: noNode },
  { claim: 'phone does not know the engine', in: phone, text: take('@lux/ceremony'), rule: restricted },
  { claim: 'phone does not know hsm', in: phone, text: take('@lux/hsm'), rule: restricted },
  { claim: 'shared components do no IO', in: ui, text: take('node:fs'), rule: noNode },
  { claim: 'shared components decide nothing by bytes', in: ui, text: take('@lux/crypto'), rule: restricted },
  {
    claim: 'shared components open no envelope of a key',
    in: ui,
    text: take('@lux/crypto/fhe'),
    rule: restricted,
  },
  { claim: 'shared components know no rule', in: ui, text: take('@lux/ceremony'), rule: restricted },
  {
    claim: 'shared components know no app',
    in: ui,
    text: take('../../../apps/desktop/src/renderer/client.ts'),
    rule: restricted,
  },
  { claim: 'crypto does not know ceremony', in: crypto, text: take('@lux/ceremony'), rule: undeclared },
  { claim: 'crypto does not know hsm', in: crypto, text: take('@lux/hsm'), rule: undeclared },
  { claim: 'crypto takes tfhe as an argument', in: crypto, text: take('node-tfhe'), rule: undeclared },
  {
    claim: 'crypto takes raptorq as an argument',
    in: crypto,
    text: take('raptorq/raptorq.js'),
    rule: undeclared,
  },
  { claim: 'crypto does no IO', in: crypto, text: take('node:fs'), rule: noNode },
  { claim: 'crypto has no clock', in: crypto, text: 'export const now = Date.now()\n', rule: globals },
  { claim: 'crypto has no network', in: crypto, text: "export const a = fetch('x:')\n", rule: globals },
  {
    claim: 'crypto draws no randomness itself',
    in: crypto,
    text: 'export const r = crypto.subtle\n',
    rule: globals,
  },
  { claim: 'no one uses Math.random', in: crypto, text: 'export const r = Math.random()\n', rule: 'plugin' },
  { claim: 'node-files does not know crypto', in: nodeFiles, text: take('@lux/crypto'), rule: undeclared },
  { claim: 'node-files does not know hsm', in: nodeFiles, text: take('@lux/hsm'), rule: undeclared },
  {
    claim: 'main does not know node-files',
    in: `${desktop}/main`,
    text: take('@lux/node-files'),
    rule: restricted,
  },
  {
    claim: 'ceremony does not know node-files',
    in: ceremony,
    text: take('@lux/node-files'),
    rule: undeclared,
  },
  { claim: 'hsm does not know crypto', in: hsm, text: take('@lux/crypto'), rule: undeclared },
  { claim: 'hsm does not know ceremony', in: hsm, text: take('@lux/ceremony'), rule: undeclared },
  { claim: 'ceremony does not know PKCS#11', in: ceremony, text: take('pkcs11js'), rule: undeclared },
  { claim: 'ceremony does not know hsm', in: ceremony, text: take('@lux/hsm'), rule: undeclared },
  ...[
    { claim: 'the checks of a plan run nothing', file: 'lint.ts', from: './run.ts' },
    { claim: 'the checks of a bundle run nothing', file: 'bundle.ts', from: './run.ts' },
    { claim: 'what a family can be asked runs nothing', file: 'queries.ts', from: './run.ts' },
    {
      claim: 'the checks of a bundle run nothing of another family',
      file: 'bundle.ts',
      from: '../key/run.ts',
    },
    { claim: 'a family does not know the table of what is run', file: 'run.ts', from: '../run.ts' },
    {
      claim: 'a family does not know the table of what a plan must say',
      file: 'lint.ts',
      from: '../lint.ts',
    },
    {
      claim: 'a family does not know the table of what a bundle must show',
      file: 'bundle.ts',
      from: '../bundle.ts',
    },
    { claim: 'a family does not know the engine', file: 'run.ts', from: '../../engine/submit.ts' },
  ].map(({ claim, file, from }, index) => ({
    claim,
    in: `${ceremony}/steps/family-${index}`,
    file,
    text: take(from),
    rule: restricted,
  })),
  {
    claim: 'the table of what a bundle must show runs nothing',
    in: `${ceremony}/steps`,
    file: 'bundle.ts',
    text: take('./key/run.ts'),
    rule: restricted,
  },
  ...['../steps/run.ts', '../steps/key/run.ts', '../engine/decide.ts'].map((from) => ({
    claim: `verify does not know ${from}`,
    in: `${ceremony}/verify`,
    text: take(from),
    rule: restricted,
  })),
  ...['../steps/bundle.ts', '../steps/key/lint.ts', '../steps/key/run.ts', '../verify/run.ts'].map(
    (from) => ({
      claim: `the engine does not know ${from}`,
      in: `${ceremony}/engine`,
      text: take(from),
      rule: restricted,
    }),
  ),
  {
    claim: 'the model knows no family',
    in: `${ceremony}/model`,
    text: take('../steps/key/templates.ts'),
    rule: restricted,
  },
  { claim: 'ceremony does not know people', in: ceremony, text: take('@lux/people'), rule: undeclared },
  { claim: 'people do not know the engine', in: people, text: take('@lux/ceremony'), rule: restricted },
  { claim: 'people know no engine later', in: people, text: later('@lux/ceremony'), rule: restricted },
  { claim: 'people do not know hsm', in: people, text: take('@lux/hsm'), rule: undeclared },
  { claim: 'people do not know node-files', in: people, text: take('@lux/node-files'), rule: undeclared },
  { claim: 'people do no IO', in: people, text: take('node:fs'), rule: noNode },
  { claim: 'people have no clock', in: people, text: 'export const now = new Date()\n', rule: globals },
  { claim: 'people have no network', in: people, text: "export const a = fetch('x:')\n", rule: globals },
  {
    claim: 'people draw no randomness themselves',
    in: people,
    text: 'export const r = crypto.subtle\n',
    rule: globals,
  },
  {
    claim: 'people take no file past the exports',
    in: people,
    text: take('@lux/crypto/src/hash.ts'),
    rule: restricted,
  },
  { claim: 'main does not know people', in: `${desktop}/main`, text: take('@lux/people'), rule: restricted },
  {
    claim: 'renderer does not know people',
    in: `${desktop}/renderer`,
    text: take('@lux/people'),
    rule: restricted,
  },
  { claim: 'ceremony does no IO', in: ceremony, text: take('node:fs/promises'), rule: noNode },
  { claim: 'ceremony has no clock', in: ceremony, text: 'export const now = new Date()\n', rule: globals },
  {
    claim: 'contract does not know core',
    in: `${desktop}/contract`,
    text: take('../core/store.ts'),
    rule: restricted,
  },
  {
    claim: 'contract does not know hsm',
    in: `${desktop}/contract`,
    text: take('@lux/hsm'),
    rule: restricted,
  },
  { claim: 'core runs without Electron', in: `${desktop}/core`, text: take('electron'), rule: restricted },
  {
    claim: 'core does not know the window',
    in: `${desktop}/core`,
    text: take('../renderer/app.tsx'),
    rule: restricted,
  },
  {
    claim: 'contract takes no value from ceremony',
    in: `${desktop}/contract`,
    text: take('@lux/ceremony'),
    rule: 'plugin',
  },
  {
    claim: 'contract takes no value from ceremony beside a type',
    in: `${desktop}/contract`,
    text: "import { type It, it } from '@lux/ceremony/plan'\n\nexport const taken: It = it\n",
    rule: 'plugin',
  },
  {
    claim: 'contract passes no value of ceremony on',
    in: `${desktop}/contract`,
    text: "export { it } from '@lux/ceremony/wire'\n",
    rule: 'plugin',
  },
  {
    claim: 'contract loads no ceremony later',
    in: `${desktop}/contract`,
    text: "export const it = import('@lux/ceremony')\n",
    rule: 'plugin',
  },
  {
    claim: 'core leaves tfhe to the key child',
    in: `${desktop}/core/services`,
    text: take('node-tfhe'),
    rule: restricted,
  },
  {
    claim: 'core leaves tfhe to the key child, later too',
    in: `${desktop}/core/key-child`,
    text: later('node-tfhe'),
    rule: restricted,
  },
  {
    claim: 'cli leaves tfhe to the key child',
    in: `${desktop}/cli`,
    text: later('node-tfhe'),
    rule: restricted,
  },
  {
    claim: 'core imports no Electron later',
    in: `${desktop}/core`,
    text: later('electron'),
    rule: restricted,
  },
  {
    claim: 'core reaches tokens by hsm, later too',
    in: `${desktop}/core`,
    text: later('koffi'),
    rule: restricted,
  },
  {
    claim: 'main knows no ceremony later',
    in: `${desktop}/main`,
    text: later('@lux/ceremony'),
    rule: restricted,
  },
  {
    claim: 'the server’s platform knows no feature',
    in: `${server}/platform/http`,
    text: take('../../keys/operations.ts'),
    rule: restricted,
  },
  ...['keys', 'operations', 'threshold'].flatMap((folder) =>
    ['fastify', '../platform/http/http-error.ts', './routes.ts'].map((from) => ({
      claim: `the server’s operations in ${folder} know no door: ${from}`,
      in: `${server}/${folder}`,
      text: take(from),
      rule: restricted,
    })),
  ),
  ...['../../threshold/keys.ts', '../../imports/importer.ts', '../../platform/http/query.ts', 'fastify'].map(
    (from) => ({
      claim: `KMIP is a door to keys and knows no ${from}`,
      in: `${server}/doors/kmip/operations`,
      text: take(from),
      rule: restricted,
    }),
  ),
  ...['../../refusal.ts', '../message/request.ts', '@lux/ceremony'].map((from) => ({
    claim: `the codec of KMIP knows nothing of the server: ${from}`,
    in: `${server}/doors/kmip/codec`,
    text: take(from),
    rule: restricted,
  })),
  {
    claim: 'what is done with keys knows no KMIP',
    in: `${server}/keys`,
    text: take('../doors/kmip/answer.ts'),
    rule: restricted,
  },
  { claim: 'server knows no engine later', in: server, text: later('@lux/ceremony'), rule: restricted },
  { claim: 'ceremony knows no token later', in: ceremony, text: later('pkcs11js'), rule: undeclared },
  { claim: 'crypto does no IO later', in: crypto, text: later('node:fs'), rule: noNode },
  ...[
    'packages/crypto/src',
    'packages/hsm/src',
    'packages/ceremony/src',
    'packages/people/src',
    `${desktop}/core`,
    `${desktop}/main`,
    server,
  ].flatMap((folder) =>
    Object.entries(hidden).map(([way, text]) => ({
      claim: `${folder.replace('/src', '')} reaches no module by ${way}`,
      in: folder,
      text,
      rule: 'plugin',
    })),
  ),
  {
    claim: 'ceremony reaches no file of crypto past the exports',
    in: ceremony,
    text: take('../../crypto/src/hash.ts'),
    rule: restricted,
  },
  ...[hsm, `${desktop}/core`, `${desktop}/main`, `${desktop}/renderer`, server].map((folder) => ({
    claim: `${folder.replace('/src', '')} reaches no module by its place`,
    in: folder,
    text: take('../../../node_modules/node-tfhe/tfhe.js'),
    rule: restricted,
  })),
  {
    claim: 'ceremony has no clock by globalThis',
    in: ceremony,
    text: 'export const now = globalThis.Date\n',
    rule: globals,
  },
  {
    claim: 'ceremony has no clock by Intl',
    in: ceremony,
    text: 'export const now = new Intl.DateTimeFormat().format()\n',
    rule: globals,
  },
  {
    claim: 'shipped knows no module but Node and itself',
    in: `${desktop}/shipped`,
    text: take('commander'),
    rule: restricted,
  },
  {
    claim: 'shipped does not know core',
    in: `${desktop}/shipped`,
    text: take('../core/program.ts'),
    rule: restricted,
  },
  {
    claim: 'renderer does not know shipped',
    in: `${desktop}/renderer`,
    text: take('../shipped/index.ts'),
    rule: restricted,
  },
  { claim: 'core reaches tokens by hsm', in: `${desktop}/core`, text: take('pkcs11js'), rule: restricted },
  ...Object.entries({
    'runs/effects': [
      '../../rehearsal/stand-ins.ts',
      '../../use-cases/resume.ts',
      '../../services/program.ts',
    ],
    rehearsal: ['../use-cases/resume.ts', '../services/program.ts', '../../contract/index.ts'],
    'use-cases': ['../services/program.ts', '../../contract/index.ts', '../../cli/main.ts', 'node-tfhe'],
  }).flatMap(([folder, ways]) =>
    ways.map((from) => ({
      claim: `core’s ${folder} does not know ${from}`,
      in: `${desktop}/core/${folder}`,
      text: take(from),
      rule: restricted,
    })),
  ),
  ...['core', 'core/key-child'].flatMap((folder) =>
    ['../cli/main.ts', 'commander'].map((from) => ({
      claim: `${folder} does not know ${from}`,
      in: `${desktop}/${folder}`,
      text: take(from),
      rule: restricted,
    })),
  ),
  ...['contract', 'main', 'preload', 'renderer'].flatMap((folder) =>
    ['commander', 'valibot'].map((from) => ({
      claim: `${folder} does not know ${from}`,
      in: `${desktop}/${folder}`,
      text: take(from),
      rule: restricted,
    })),
  ),
  {
    claim: 'main does not know core',
    in: `${desktop}/main`,
    text: take('../core/store.ts'),
    rule: restricted,
  },
  {
    claim: 'main does not know ceremony',
    in: `${desktop}/main`,
    text: take('@lux/ceremony'),
    rule: restricted,
  },
  {
    claim: 'preload does not know core',
    in: `${desktop}/preload`,
    text: take('../core/store.ts'),
    rule: restricted,
  },
  { claim: 'preload does not know Node', in: `${desktop}/preload`, text: take('node:fs'), rule: noNode },
  {
    claim: 'renderer does not know core',
    in: `${desktop}/renderer`,
    text: take('../core/store.ts'),
    rule: restricted,
  },
  {
    claim: 'renderer does not know main',
    in: `${desktop}/renderer`,
    text: take('../main/window.ts'),
    rule: restricted,
  },
  {
    claim: 'renderer does not know crypto',
    in: `${desktop}/renderer`,
    text: take('@lux/crypto'),
    rule: restricted,
  },
  {
    claim: 'renderer does not know Electron',
    in: `${desktop}/renderer`,
    text: take('electron'),
    rule: restricted,
  },
  { claim: 'renderer does not know Node', in: `${desktop}/renderer`, text: take('node:fs'), rule: noNode },
  { claim: 'server does not know the engine', in: server, text: take('@lux/ceremony'), rule: restricted },
  { claim: 'server does not know the desktop', in: server, text: take('@lux/desktop'), rule: restricted },
  {
    claim: 'server reaches no file of the desktop',
    in: server,
    text: take('../../desktop/src/x.ts'),
    rule: restricted,
  },
  ...['device', 'evidence', 'pkcs11', 'profiles'].map((folder) => ({
    claim: `hsm’s ${folder} does not know the process that it runs in`,
    in: `${hsm}/${folder}`,
    text: take('../host/host.ts'),
    rule: restricted,
  })),
  {
    claim: 'the driver takes no file past the exports',
    in: `${hsm}/pkcs11`,
    text: take('@lux/crypto/src/hash.ts'),
    rule: restricted,
  },
  { claim: 'server reaches tokens by hsm', in: server, text: take('pkcs11js'), rule: restricted },
  {
    claim: 'core takes no file past the exports',
    in: `${desktop}/core`,
    text: take('@lux/crypto/src/hash.ts'),
    rule: restricted,
  },
  {
    claim: 'server takes no file past the exports',
    in: server,
    text: take('@lux/hsm/src/device.ts'),
    rule: restricted,
  },
  { claim: 'e2e imports no package', in: 'e2e/desktop', text: take('@lux/crypto'), rule: restricted },
  {
    claim: 'e2e imports no source of an app',
    in: 'e2e/desktop',
    text: take('../../apps/desktop/src/x.ts'),
    rule: restricted,
  },
]
