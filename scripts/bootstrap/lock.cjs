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

/** When a process began, in ticks since the machine started; null where the system does not say. */
function began(pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

const here = (root) => `${process.pid} ${began(process.pid)} ${fs.realpathSync(root)}`

/** The process that the lock names: null when the lock went away meanwhile, 0 when it was copied or its process is gone. */
function readHolder(root, file) {
  let text
  try {
    text = fs.readFileSync(file, 'utf8')
  } catch {
    return null
  }
  const [, pid, start, folder] = /^(\d+) (\S+) (.+)$/.exec(text) ?? []
  const ours = folder === fs.realpathSync(root)
  // The system gives a process id again: the one that began at another time is a stranger.
  return ours && alive(Number(pid)) && start === String(began(Number(pid))) ? Number(pid) : 0
}

/** Holds `.lux/set-up.lock` during the work: two commands started together must not install into each other. */
async function locked(root, work) {
  const file = path.join(root, '.lux/set-up.lock')
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
  const deadline = Date.now() + 600000
  const own = `${file}.${process.pid}`
  fs.writeFileSync(own, here(root))
  for (let told = false; ; ) {
    try {
      // A link is there whole or not at all: nobody reads a lock that is half written.
      fs.linkSync(own, file)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    const holder = readHolder(root, file)
    if (holder === null) continue
    if (holder === 0) {
      process.stderr.write(`set-up: passing over ${file}, whose process is not setting up here\n`)
      fs.rmSync(file, { force: true })
      continue
    }
    if (!told) process.stderr.write(`set-up: waiting for process ${holder}, which is setting up too\n`)
    told = true
    if (Date.now() > deadline) {
      fs.rmSync(own, { force: true })
      throw new SetUpError(`set-up is held by process ${holder}: see ${file}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  fs.rmSync(own, { force: true })
  try {
    return await work()
  } finally {
    fs.rmSync(file, { force: true })
  }
}

module.exports = { locked }
