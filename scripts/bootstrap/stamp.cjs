'use strict'
const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')

/** Raise it when set-up does something new for machines that are set up already. */
const setUpVersion = 1

/** What set-up depends on: the lockfile, the Debian and Python lists, Helm, the user who runs it, and its own version. */
function currentStamp(root, purpose) {
  const hash = crypto.createHash('sha256')
  hash.update(
    `${setUpVersion} ${purpose} ${process.getuid()} ${process.env.SUDO_UID ?? ''} ${fs.realpathSync(root)}\n`,
  )
  hash.update(fs.readFileSync(path.join(root, 'package-lock.json')))
  hash.update(fs.readFileSync(path.join(root, 'site/package-lock.json')))
  for (const list of ['debian-packages.json', 'python-tools.txt', 'helm.cjs'])
    hash.update(fs.readFileSync(path.join(__dirname, list)))
  return hash.digest('hex')
}

const record = (root) => path.join(root, '.lux/set-up.json')

function readRecord(root) {
  try {
    return JSON.parse(fs.readFileSync(record(root), 'utf8'))
  } catch {
    return { stamps: {} }
  }
}

/** True when this machine was set up for the purpose and what was made is still there. */
function isSetUp(root, purpose) {
  const found = readRecord(root)
  return (
    found.stamps[purpose] === currentStamp(root, purpose) &&
    fs.existsSync(path.join(root, 'node_modules/.bin/node')) &&
    fs.existsSync(path.join(found.open, '.lux/electron/dist/electron'))
  )
}

/** Remembers {open, user} for the scripts that start things, and that the purpose is set up. */
function writeRecord(root, purpose, places) {
  const stamp = currentStamp(root, purpose)
  const stamps = { ...readRecord(root).stamps, [purpose]: stamp }
  if (purpose === 'test') stamps.start = currentStamp(root, 'start')
  const file = record(root)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(`${file}.new`, `${JSON.stringify({ stamps, ...places }, null, 2)}\n`)
  fs.renameSync(`${file}.new`, file)
}

module.exports = { isSetUp, writeRecord }
