/** Pure: cases as JUnit XML, as CI systems read it (one test suite, a property for what is needed to do it again). */
import { renderFailure } from './render.ts'
import type { TrialCase } from './trial.ts'

export interface Suite {
  /** Such as `rekindle test web-1`. */
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly cases: readonly TrialCase[]
}

export function renderJunit({ name, properties, cases }: Suite): string {
  const failed = cases.filter(({ failure }) => failure !== undefined).length
  const seconds = cases.reduce((sum, one) => sum + one.seconds, 0)
  const counts = `tests="${cases.length}" failures="${failed}" errors="0" time="${seconds.toFixed(3)}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(name)}" ${counts}>`,
    '    <properties>',
    ...Object.entries(properties).map(
      ([key, value]) => `      <property name="${escaped(key)}" value="${escaped(value)}"/>`,
    ),
    '    </properties>',
    ...cases.flatMap((one) => renderCase(name, one)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function renderCase(suite: string, { name, seconds, failure }: TrialCase): readonly string[] {
  const head = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}" time="${seconds.toFixed(3)}"`
  if (failure === undefined) return [`${head}/>`]
  const [message = '', ...rest] = renderFailure(failure)
  return [
    `${head}>`,
    `      <failure message="${escaped(message)}">${escaped(rest.join('\n'))}</failure>`,
    '    </testcase>',
  ]
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

function escaped(text: string): string {
  // XML 1.0 has no way to say control characters, and tools colour their output with them.
  const allowed = [...text.toWellFormed()].filter(
    (letter) => letter >= ' ' || letter === '\n' || letter === '\t',
  )
  return allowed.join('').replaceAll(/[&<>"]/g, (letter) => entities[letter] ?? letter)
}
