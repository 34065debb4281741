'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { SetUpError } = require('./run.cjs')

const alive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Process id in the lock file; null when it went away meanwhile. */
function readHolder(file) {
  try {
    return Number(fs.readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}

/** Holds `.lux/set-up.lock` during the work: two commands started together must not install into each other. */
async function locked(root, work) {
  const file = path.join(root, '.lux/set-up.lock')
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
  const deadline = Date.now() + 600000
  for (let told = false; ; ) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = readHolder(file)
    if (holder === null) continue
    if (holder > 0 && !alive(holder)) {
      fs.rmSync(file, { force: true })
      continue
    }
    if (!told) process.stderr.write(`set-up: waiting for process ${holder}, which is setting up too\n`)
    told = true
    if (Date.now() > deadline) throw new SetUpError(`set-up is held by process ${holder}: see ${file}`)
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  try {
    return await work()
  } finally {
    fs.rmSync(file, { force: true })
  }
}

module.exports = { locked }
