'use strict'
// For the build of the server's image: npm's packages and the PKCS#11 addon, and none of what the workstation needs.
const path = require('node:path')
const { installNpmPackages, ownNode } = require('./npm-packages.cjs')
const { buildTokenAddon } = require('./token-addon.cjs')

const root = path.dirname(path.dirname(__dirname))
installNpmPackages(root)
  .then(() => buildTokenAddon(root, ownNode(root)))
  .catch((error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 3
  })
