'use strict'
const { spawnSync } = require('node:child_process')
const { SetUpError, run, step } = require('./run.cjs')
const lists = require('./debian-packages.json')

/** Names of packages in the list that no installed package answers, each as its alternatives in order. */
function missingPackages(purpose) {
  const wanted = purpose === 'test' ? [...lists.start, ...lists.test] : lists.start
  const alternatives = wanted.map((entry) => entry.split('|').map((name) => name.trim()))
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query has its own placeholders
  const format = '${Package} ${db:Status-Status}\n'
  const query = spawnSync('dpkg-query', ['-W', '-f', format, ...alternatives.flat()], {
    encoding: 'utf8',
  })
  if (query.error) return null
  const installed = new Set(
    query.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  )
  return alternatives.filter((names) => !names.some((name) => installed.has(name)))
}

/** Of each set of alternatives, the first that this Debian can install; null when its lists know none of them. */
function candidates(missing) {
  const names = missing.flat()
  const policy = spawnSync('apt-cache', ['policy', ...names], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  })
  const known = new Set()
  let current = ''
  for (const line of policy.stdout?.split('\n') ?? []) {
    if (/^\S+:$/.test(line)) current = line.slice(0, -1)
    else if (/^ {2}Candidate: (?!\(none\))/.test(line)) known.add(current)
  }
  const chosen = missing.map((alternatives) => alternatives.find((name) => known.has(name)))
  return chosen.includes(undefined) ? null : chosen
}

/** How to become root for apt: [] as root, ['sudo', '-n'] where that works without a question, else null. */
function asRoot() {
  if (process.getuid() === 0) return []
  const sudo = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' })
  return sudo.status === 0 ? ['sudo', '-n'] : null
}

const aptEnvironment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
const aptOptions = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=120']

function apt(prefix, args) {
  const [command, ...rest] = [
    ...prefix,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    ...aptOptions,
    ...args,
  ]
  return run(command, rest, { env: aptEnvironment })
}

/** Installs what the purpose (`start` or `test`) needs from Debian. Exit 3 with the exact command where it may not. */
async function installDebianPackages(purpose) {
  const missing = missingPackages(purpose)
  if (missing === null) {
    process.stderr.write('set-up: no dpkg here, so these Debian packages are taken to be present: ')
    process.stderr.write(`${[...lists.start, ...(purpose === 'test' ? lists.test : [])].join(', ')}\n`)
    return
  }
  if (missing.length === 0) return
  const prefix = asRoot()
  if (prefix === null) {
    const names = (candidates(missing) ?? missing.map((alternatives) => alternatives[0])).join(' ')
    throw new SetUpError(
      `Debian packages are missing and this user may not install them. Run this, then try again:\n\n` +
        `  sudo apt-get update && sudo apt-get install --no-install-recommends ${names}\n`,
    )
  }
  let names = candidates(missing)
  if (names === null) {
    await step('Debian package lists', () => apt(prefix, ['update']).then(() => 'fetched'))
    names = candidates(missing)
  }
  if (names === null) {
    throw new SetUpError(
      `this Debian offers none of: ${missing.map((alternatives) => alternatives.join(' or ')).join('; ')}`,
    )
  }
  const install = ['install', '--no-install-recommends', ...names]
  await step(`Debian packages ${names.join(' ')}`, async () => {
    // Lists that are older than the mirror name files that are gone: fetch them once more before giving up.
    await apt(prefix, install).catch(() => apt(prefix, ['update']).then(() => apt(prefix, install)))
  })
}

module.exports = { installDebianPackages, missingPackages }
