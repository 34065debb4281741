'use strict'
const crypto = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { SetUpError } = require('./run.cjs')

/** The user that Electron and PostgreSQL run as: oneself, or as root whoever used sudo, or nobody. */
function unprivilegedUser() {
  if (process.getuid() !== 0) {
    return { uid: process.getuid(), gid: process.getgid(), name: os.userInfo().username, change: false }
  }
  const uid = Number(process.env.SUDO_UID ?? 0)
  const gid = Number(process.env.SUDO_GID ?? 0)
  if (uid > 0 && gid > 0) return { uid, gid, name: process.env.SUDO_USER ?? String(uid), change: true }
  return { uid: 65534, gid: 65534, name: 'nobody', change: true }
}

/** True when every folder down to `where` lets this user through. */
function reaches(user, where) {
  for (let folder = fs.realpathSync(where); ; folder = path.dirname(folder)) {
    const stat = fs.statSync(folder)
    const bit = stat.uid === user.uid ? 0o100 : stat.gid === user.gid ? 0o010 : 0o001
    if ((stat.mode & bit) === 0) return false
    if (folder === path.dirname(folder)) return true
  }
}

/** Where the mirror of this checkout is, if it has one: a copy of the checkout has another. */
function mirrorOf(root) {
  const hash = crypto.createHash('sha256').update(fs.realpathSync(root)).digest('hex').slice(0, 16)
  return `/var/tmp/lux-custody-${hash}`
}

/**
 * The folder whose contents the unprivileged user can reach: the checkout itself, or a mirror of the parts that run.
 * The mirror has the checkout's own layout, so that relative paths hold in both.
 */
function openRoot(root, user) {
  if (!user.change || reaches(user, root)) return root
  const mirror = mirrorOf(root)
  try {
    fs.mkdirSync(mirror, { mode: 0o755 })
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  }
  const stat = fs.lstatSync(mirror)
  // Anyone may create names in /var/tmp: only a folder of our own may hold programs that we run.
  if (!stat.isDirectory() || stat.uid !== process.getuid())
    throw new SetUpError(`${mirror} is not ours: remove it`)
  fs.chmodSync(mirror, 0o755)
  return mirror
}

module.exports = { mirrorOf, openRoot, reaches, unprivilegedUser }
