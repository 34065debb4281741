'use strict'
const { spawn } = require('node:child_process')

/** A set-up step that could not be done: `exitCode` 3 means that the environment has to change first. */
class SetUpError extends Error {
  constructor(message, exitCode = 3) {
    super(message)
    this.exitCode = exitCode
  }
}

/**
 * The environment for installing: npm settings of the caller that would change what is installed are dropped.
 * A `nodedir` in particular would build the addon against the wrong Node.
 */
function installEnvironment() {
  const env = { ...process.env }
  for (const name of Object.keys(env)) {
    if (/^npm_config_(nodedir|omit|include|only|production|dry_run|workspaces?|ignore_scripts)$/i.test(name))
      delete env[name]
  }
  delete env.NODE_ENV
  delete env.NODE_OPTIONS
  return env
}

const running = new Set()

/** Passes a signal on to the commands under way: a set-up that is ended leaves none behind. */
function endCommands(signal) {
  for (const child of running) child.kill(signal)
}

/**
 * Runs a command and resolves with its output. `quiet` lines are kept for the error and not shown.
 * Rejects with a SetUpError that carries the last lines when it exits non-zero or takes longer than `timeoutMs`.
 */
function run(command, args, { cwd, env = installEnvironment(), timeoutMs = 600000 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    let output = ''
    const keep = (chunk) => {
      output = (output + chunk).slice(-200000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.on('error', (error) => {
      clearTimeout(timer)
      running.delete(child)
      reject(new SetUpError(`${command}: ${error.message}`))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      running.delete(child)
      if (code === 0) return resolve(output)
      const why = signal === 'SIGKILL' ? `stopped after ${timeoutMs / 1000} s` : `exit ${code ?? signal}`
      reject(new SetUpError(`${[command, ...args].join(' ')}: ${why}\n${tellingLines(output)}`))
    })
  })
}

/** What a failed command said, without npm's notes on engines and deprecations: its beginning and its end. */
function tellingLines(output) {
  const noise = /EBADENGINE|^npm (warn|WARN) deprecated|^npm notice|^npm (error|ERR!)( {3}.*)?$/
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !noise.test(line))
  return (lines.length <= 24 ? lines : [...lines.slice(0, 8), '  …', ...lines.slice(-15)]).join('\n')
}

/** One line for each step: what it is when it begins, how long it took when it ends. */
async function step(what, work) {
  const began = Date.now()
  process.stderr.write(`set-up: ${what} …`)
  try {
    const note = await work()
    process.stderr.write(` ${note ?? 'done'} (${((Date.now() - began) / 1000).toFixed(1)} s)\n`)
  } catch (error) {
    process.stderr.write(' failed\n')
    throw error
  }
}

module.exports = { SetUpError, endCommands, installEnvironment, run, step }
