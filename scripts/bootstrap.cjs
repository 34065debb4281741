'use strict'
// The first thing that runs on a fresh machine, so: plain Node 18, no dependencies.
const { spawn } = require('node:child_process')
const os = require('node:os')
const path = require('node:path')
const { installDebianPackages } = require('./bootstrap/debian.cjs')
const {
  installNpmPackages,
  installSitePackages,
  linkPostgres,
  ownNode,
} = require('./bootstrap/npm-packages.cjs')
const { buildTokenAddon, hasTokenAddon } = require('./bootstrap/token-addon.cjs')
const { openRoot, unprivilegedUser } = require('./bootstrap/places.cjs')
const { installElectron } = require('./bootstrap/electron.cjs')
const { mirrorPostgres } = require('./bootstrap/mirror.cjs')
const { installHelm } = require('./bootstrap/helm.cjs')
const { installPythonTools } = require('./bootstrap/python.cjs')
const { isSetUp, writeRecord } = require('./bootstrap/stamp.cjs')
const { locked } = require('./bootstrap/lock.cjs')
const { SetUpError, endCommands } = require('./bootstrap/run.cjs')

const root = path.dirname(__dirname)
const programs = {
  start: 'scripts/start.ts',
  test: 'scripts/test/run.ts',
  server: 'scripts/server.ts',
  phone: 'scripts/phone.ts',
  install: null,
}

async function setUp(purpose) {
  const done = () => isSetUp(root, purpose) && hasTokenAddon(root)
  if (done()) return
  await locked(root, async () => {
    if (done()) return
    await installDebianPackages(purpose)
    await installNpmPackages(root)
    const node = ownNode(root)
    await buildTokenAddon(root, node)
    await linkPostgres(root, node)
    const user = unprivilegedUser()
    const open = openRoot(root, user)
    await installElectron(root, open, user, node)
    mirrorPostgres(root, open)
    if (purpose === 'test') {
      await installPythonTools(root)
      await installHelm(root)
      await installSitePackages(root)
    }
    writeRecord(root, purpose, { open, user })
  })
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** `npm test` says one summing line on any exit, so also where no test was reached. */
function sayUntested(command) {
  if (command === 'test') process.stdout.write('0 passed, 1 failed\n')
}

/** Goes on in Node 24, with its bin folder first so that everything started from there finds the same one. */
function goOn(command, args, env) {
  const bin = path.join(root, 'node_modules/.bin')
  const child = spawn(ownNode(root), [path.join(root, programs[command]), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}` },
  })
  // The terminal sends Ctrl-C to both: this one only waits, so that the other can put things away.
  for (const signal of signals) process.on(signal, () => signal !== 'SIGINT' && child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 3
    sayUntested(command)
  })
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143)
  })
}

async function main([command, ...args]) {
  if (command === undefined || !Object.hasOwn(programs, command)) {
    process.stderr.write(`usage: node scripts/bootstrap.cjs ${Object.keys(programs).join('|')} [arguments]\n`)
    process.exitCode = 2
    return
  }
  const began = Date.now()
  const ended = (signal) => {
    endCommands(signal)
    process.stderr.write(`\nset-up: ended by ${signal}; the same command goes on from here\n`)
    sayUntested(command)
    process.exit(128 + os.constants.signals[signal])
  }
  for (const signal of signals) process.on(signal, ended)
  try {
    await setUp(command === 'test' ? 'test' : 'start')
  } catch (error) {
    process.stderr.write(`${error instanceof SetUpError ? error.message : error.stack}\n`)
    process.exitCode = error.exitCode ?? 3
    sayUntested(command)
    return
  } finally {
    for (const signal of signals) process.off(signal, ended)
  }
  if (programs[command] !== null) goOn(command, args, { LUX_SET_UP_MS: String(Date.now() - began) })
}

main(process.argv.slice(2))
