import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Programs of Kubernetes and kwok, built from their published Go modules, which takes some minutes once a version. Needs Go.

const root = join(import.meta.dirname, '../../../..')
const release = { api: 'v1.37.2', staging: 'v0.37.2', kwok: 'v0.8.0' }
const folder = join(root, '.lux', `kube-apiserver-${release.api}`)

const commands = {
  'kube-apiserver': 'NewAPIServerCommand',
  'kube-controller-manager': 'NewControllerManagerCommand',
  'kube-scheduler': 'NewSchedulerCommand',
} as const

const go = (args: readonly string[], more: NodeJS.ProcessEnv = { GOFLAGS: '-mod=mod' }) =>
  execFileSync('go', args, { cwd: folder, encoding: 'utf8', env: { ...process.env, ...more } })

/** The program, built once into .lux. */
export function kubernetesProgram(name: keyof typeof commands): string {
  const program = join(folder, name)
  if (existsSync(program)) return program
  makeModule()
  const main = join(folder, `main-${name}`)
  mkdirSync(main, { recursive: true })
  writeFileSync(
    join(main, 'main.go'),
    `package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/${name}/app"
)

func main() { os.Exit(cli.Run(app.${commands[name]}())) }
`,
  )
  go(['mod', 'tidy'])
  // Helm asks the API server for its version.
  const version = 'k8s.io/component-base/version.git'
  const [major, minor] = release.api.slice(1).split('.')
  const flags = `-s -w -X ${version}Version=${release.api} -X ${version}Major=${major} -X ${version}Minor=${minor}`
  go(['build', '-trimpath', '-ldflags', flags, '-o', `${name}.part`, `./main-${name}`])
  renameSync(`${program}.part`, program)
  return program
}

/** The module that requires Kubernetes and replaces its staging modules by their published versions. */
function makeModule(): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'go.mod')
  if (existsSync(file)) return
  writeFileSync(file, 'module lux.test/apiserver\n\ngo 1.26.0\n')
  const { GoMod } = JSON.parse(go(['mod', 'download', '-json', `k8s.io/kubernetes@${release.api}`]))
  const modules = [...readFileSync(GoMod, 'utf8').matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging/gm)].map(
    ([, name]) => name,
  )
  const replaced = modules.map((name) => `\t${name} => ${name} ${release.staging}\n`).join('')
  writeFileSync(
    file,
    `module lux.test/apiserver\n\ngo 1.26.0\n\nrequire k8s.io/kubernetes ${release.api}\n\nreplace (\n${replaced})\n`,
  )
}

/** What its nodes and their pods go through, of the stages that kwok brings. */
const stages = [
  ...['node/fast/node-initialize', 'node/heartbeat-with-lease/node-heartbeat-with-lease'],
  ...['pod/fast/pod-ready', 'pod/fast/pod-complete', 'pod/fast/pod-delete'],
]

export function kwok(): { readonly program: string; readonly args: readonly string[] } {
  const program = join(folder, 'kwok')
  mkdirSync(folder, { recursive: true })
  if (!existsSync(program)) buildKwok()
  const { Dir } = JSON.parse(go(['mod', 'download', '-json', `sigs.k8s.io/kwok@${release.kwok}`]))
  return { program, args: stages.map((stage) => `--config=${join(Dir, 'kustomize/stage', `${stage}.yaml`)}`) }
}

function buildKwok(): void {
  go(['install', '-trimpath', '-ldflags', '-s -w', `sigs.k8s.io/kwok/cmd/kwok@${release.kwok}`], {
    GOBIN: folder,
  })
}
