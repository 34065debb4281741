import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { electronRuntime, openFolder } from './electron/launch.ts'
import { makeAppImage, runtimeRefusal } from './release/app-image.ts'
import { makeDeb, makeTar } from './release/files.ts'
import { makeSbom, shippedParts } from './release/sbom.ts'
import { checksumsOf, fingerprintOf, refusalOf, signChecksums } from './release/sign.ts'
import { root } from './root.ts'

// Makes a release of the packaged folder: deb, tar.gz, AppImage where its runtime is given, SBOM, their checksums, and the checksums'
// signature. docs/release.md.
const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    key: { type: 'string' },
    'appimage-runtime': { type: 'string' },
    'test-build': { type: 'boolean', default: false },
  },
})

function end(message: string, code: number): never {
  process.stderr.write(`release: ${message}\n`)
  process.exit(code)
}

function read(file: string): Buffer {
  if (!existsSync(file)) end(`${file} is not there`, 1)
  return readFileSync(file)
}

if (values.out === undefined || existsSync(values.out))
  end(
    'usage: node scripts/release.ts --out DIR [--key FILE] [--appimage-runtime FILE] [--test-build]   (DIR must not exist)',
    2,
  )
const kind = values['test-build'] ? 'test-build' : 'release'
const rehearsal = readFileSync(join(import.meta.dirname, 'release/rehearsal-key.pem'), 'utf8')
const keyPem =
  values.key === undefined ? (values['test-build'] ? rehearsal : null) : read(values.key).toString()
const refusal = keyPem === null ? null : refusalOf(keyPem, { rehearsal, testBuild: values['test-build'] })
if (refusal !== null) end(refusal, 1)
const runtimeFile = values['appimage-runtime']
const appRuntime = runtimeFile === undefined ? null : read(runtimeFile)
const runtimeFault = appRuntime === null ? null : runtimeRefusal(appRuntime)
if (runtimeFault !== null) end(`${runtimeFile} ${runtimeFault}`, 1)
if (appRuntime !== null && spawnSync('mksquashfs', ['-version']).error !== undefined)
  end('there is no mksquashfs, which makes an AppImage: sudo apt-get install squashfs-tools', 3)

const packaged = join(openFolder(), 'dist', kind, 'linux-unpacked')
if (!existsSync(packaged)) end(`${packaged} is not there: run npm run package first`, 3)

const { version: number }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const version = values['test-build'] ? `${number}~test` : number
const commit = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' })
const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? (commit.status === 0 ? commit.stdout.trim() : 0))

const out = resolve(values.out)
mkdirSync(out, { recursive: true })
const files = {
  deb: join(out, `lux-custody_${version}_amd64.deb`),
  tar: join(out, `lux-custody-${version}-linux-x64.tar.gz`),
  sbom: join(out, `lux-custody-${version}.cdx.json`),
}
makeDeb(packaged, version, files.deb, mkdtempSync(join(out, 'deb-')), epoch)
makeTar(packaged, `lux-custody-${version}`, files.tar, epoch, values['test-build'] ? 1 : 6)
const appImage = join(out, `lux-custody-${version}-x86_64.AppImage`)
if (appRuntime !== null)
  makeAppImage(appImage, {
    folder: packaged,
    runtime: appRuntime,
    epoch,
    level: values['test-build'] ? 1 : 15,
    icon: join(root, 'docs/images/favicon.svg'),
    scratch: mkdtempSync(join(out, 'appimage-')),
  })
writeFileSync(
  files.sbom,
  makeSbom(root, {
    ...{
      product: 'lux-custody',
      version,
      parts: shippedParts(root, 'workstation'),
      made: new Date(epoch * 1000),
    },
    electron: electronRuntime().version,
    ...(appRuntime === null ? {} : { appRuntime }),
  }),
)
const sums = await checksumsOf([...Object.values(files), ...(appRuntime === null ? [] : [appImage])])
writeFileSync(join(out, 'SHA256SUMS'), sums)
process.stdout.write(sums)
if (keyPem === null) {
  process.stderr.write(
    'release: SHA256SUMS is not signed: sign it where the release key is, as docs/release.md says\n',
  )
} else {
  const { signature, publicKey } = signChecksums(sums, keyPem)
  writeFileSync(join(out, 'SHA256SUMS.sig'), signature)
  writeFileSync(join(out, 'release-key.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
  const { hex, words } = fingerprintOf(publicKey)
  process.stdout.write(`release key ${hex}\n${words.join(' ')}\n`)
}
