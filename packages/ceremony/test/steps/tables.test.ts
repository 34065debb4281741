import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { checkIds } from '../../src/bundle/checks.ts'
import { stepKinds2 } from '../../src/plan/kinds.ts'
import type { StepKind } from '../../src/plan/plan.ts'
import { effectKinds, stepFacts } from '../../src/steps/facts.ts'
import { stepLints } from '../../src/steps/lint.ts'
import { effectModules } from '../../src/steps/run.ts'
import { stagesOf } from '../../src/steps/stages.ts'

// The compiler sees to it that the keys of the table are the kinds of steps.
const kinds = Object.keys(stepLints) as StepKind[]
const folder = new URL('../../src/steps/', import.meta.url)
const families = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
)

describe('the tables of step families', () => {
  test('every kind of step has its lint and its facts, and a plan can have it', () => {
    expect(kinds.length).toBeGreaterThan(30)
    expect(Object.keys(stepFacts).sort()).toEqual([...kinds].sort())
    expect([...stepKinds2].sort()).toEqual([...kinds].sort())
    for (const kind of kinds) expect(stagesOf(kind).length, kind).toBeGreaterThan(0)
  })

  test('every kind of effect has its module, and some step does it', () => {
    expect(Object.keys(effectModules).sort()).toEqual([...effectKinds].sort())
    const done = kinds.flatMap((kind) =>
      stagesOf(kind).flatMap((stage) => (stage.kind === 'effect' ? [stage.effect] : [])),
    )
    // A checkpoint is a stage of its own kind.
    expect([...new Set([...done, 'make-checkpoint'])].sort()).toEqual([...effectKinds].sort())
  })

  test('an effect that a bundle is compared with is one that its step does', () => {
    for (const kind of kinds) {
      const recorded = stepFacts[kind].recorded
      const done = stagesOf(kind).flatMap((stage) => (stage.kind === 'effect' ? [stage.effect] : []))
      if (recorded !== null) expect(done, kind).toContain(recorded)
    }
  })

  test('the checks of families stand in the catalogue’s order', () => {
    const source = readFileSync(new URL('bundle.ts', folder), 'utf8')
    const named = [...source.matchAll(/\{ id: '([A-Z-]+)'/g)].map(([, id]) => checkIds.indexOf(id as never))
    expect(named.length).toBeGreaterThan(9)
    expect(named).toEqual([...named].sort((a, b) => a - b))
  })

  test('every family with a door stands in the table of that door', () => {
    expect(families.length).toBeGreaterThan(9)
    for (const door of ['facts', 'lint', 'run', 'bundle'] as const) {
      const table = readFileSync(new URL(`${door}.ts`, folder), 'utf8')
      for (const family of families) {
        const has = readdirSync(new URL(`${family}/`, folder)).includes(`${door}.ts`)
        // What a bundle must show of tokens is asked by the families whose keys are in them.
        if (has && !(family === 'token' && door === 'bundle'))
          expect(table, `${door} of ${family}`).toContain(`'./${family}/${door}.ts'`)
      }
    }
  })
})

/** Where several kinds may stand side by side, and why. */
const tables: Readonly<Record<string, string>> = {
  'packages/ceremony/src/plan/kinds.ts': 'the list of them',
  'packages/ceremony/src/model/effects.ts': 'types of what effects are and give',
  'packages/ceremony/src/model/state.ts': 'types of what effects have given',
  'packages/ceremony/src/steps/facts.ts': 'the first step of each kind of part',
}

test('FACTS no file outside the families lists kinds of steps: it asks their facts', () => {
  const root = new URL('../../../../', import.meta.url)
  const listing = [
    'packages/ceremony/src/',
    'packages/people/src/',
    'apps/desktop/src/',
    'apps/share-holder-mobile-web/src/',
  ]
    .flatMap((part) =>
      readdirSync(new URL(part, root), { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
        .map((entry) => `${entry.parentPath.slice(root.pathname.length)}/${entry.name}`.replace('//', '/')),
    )
    .filter((path) => !/steps\/[a-z]+\/|runs\/effects\//.test(path))
    .filter((path) => {
      const source = readFileSync(new URL(path, root), 'utf8')
      const named = new Set(
        [...source.matchAll(/'([a-z]+(?:-[a-z]+)+)'/g)]
          .map(([, word]) => word)
          .filter((word) => Object.hasOwn(stepFacts, word ?? '')),
      )
      return named.size > 2
    })
  expect(listing.filter((path) => !Object.hasOwn(tables, path))).toEqual([])
})
