// Stands in for default_app.asar, which this runtime lacks: `electron FOLDER` loads the app in FOLDER.
import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
// biome-ignore lint/correctness/noUndeclaredDependencies: the runtime provides it
import { app } from 'electron'

const argument = process.argv.slice(1).find((value) => !value.startsWith('-'))
if (argument === undefined) {
  process.stderr.write('electron: name the folder of an app\n')
  app.exit(2)
} else {
  let entry = resolve(argument)
  if (statSync(entry).isDirectory()) {
    const folder = entry
    const description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    app.setAppPath(folder)
    app.setName(description.productName ?? description.name)
    if (description.version !== undefined) app.setVersion(description.version)
    entry = join(folder, description.main ?? 'index.js')
  }
  await import(pathToFileURL(entry).href)
}
