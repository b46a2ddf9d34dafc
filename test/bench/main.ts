/** `npm run bench`: every figure next to its floor or peer. `--list`, `--only ID,ID`, `--json FILE`. */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { agentNoop } from './agent-noop.ts'
import { authoring } from './authoring.ts'
import { catalog } from './catalog.ts'
import { compile } from './compile.ts'
import type { Bench, Figure } from './figure.ts'
import { hosts } from './hosts.ts'
import { peers } from './peers.ts'
import { plan } from './plan.ts'

const benches: readonly Bench[] = [agentNoop, authoring, compile, plan, catalog, hosts, ...peers]

function show(number: number): string {
  return number >= 100 ? number.toFixed(0) : number >= 1 ? number.toFixed(1) : number.toPrecision(2)
}

function renderFigure(f: Figure): string {
  const span = `${show(f.min)} to ${show(f.max)}, ${f.runs} runs`
  return `${f.id.padEnd(32)} ${show(f.value).padStart(7)} ${f.unit}  ${show(f.ratio).padStart(6)}x  ${f.reference} ${show(f.referenceValue)} ${f.unit}  (${span})`
}

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { list: { type: 'boolean' }, only: { type: 'string' }, json: { type: 'string' } },
  })
  if (values.list === true) {
    for (const { ids, about } of benches) for (const id of ids) console.log(`${id.padEnd(32)} ${about}`)
    return
  }
  const only = values.only?.split(',')
  const unknown = only?.filter((id) => !benches.some(({ ids }) => ids.includes(id))) ?? []
  if (unknown.length > 0)
    throw new Error(`Cannot run ${unknown.join(', ')}: no such bench; --list names them`)
  const figures: Figure[] = []
  for (const bench of benches) {
    const wanted = bench.ids.filter((id) => only === undefined || only.includes(id))
    if (wanted.length === 0) continue
    const lack = bench.needs?.()
    if (lack !== undefined) {
      console.log(`${wanted.join(', ')}: skipped: ${lack}`)
      continue
    }
    const measured = (await bench.run()).filter(
      ({ id }) => wanted.includes(id) || wanted.some((want) => id.startsWith(`${want}.`)),
    )
    for (const f of measured) console.log(renderFigure(f))
    figures.push(...measured)
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`)
}

await main(process.argv.slice(2))
