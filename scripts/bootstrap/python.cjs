'use strict'
const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { run, step } = require('./run.cjs')

const list = path.join(__dirname, 'python-tools.txt')

/** Installs the programs of python-tools.txt, for tests alone, into a folder of the checkout; what is there already stays. */
async function installPythonTools(root) {
  const where = path.join(root, '.lux/python')
  const wanted = crypto.createHash('sha256').update(fs.readFileSync(list)).digest('hex')
  const stamp = path.join(where, 'installed.txt')
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return
  await step('Python tools', async () => {
    fs.rmSync(where, { recursive: true, force: true })
    await run('/usr/bin/python3', ['-m', 'venv', where])
    const pip = path.join(where, 'bin/pip')
    await run(pip, [
      'install',
      '--quiet',
      '--no-input',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '-r',
      list,
    ])
    fs.writeFileSync(stamp, wanted)
  })
}

module.exports = { installPythonTools }
