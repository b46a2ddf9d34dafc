import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rekindle-launcher-'))
  mkdirSync(join(root, 'bin'))
  copyFileSync(join(import.meta.dirname, 'rekindle'), join(root, 'bin', 'rekindle'))
})
afterEach(() => rmSync(root, { recursive: true }))

/** A program that says who it is, in place of Node. */
function putNode(place: string, major: number): void {
  mkdirSync(join(place), { recursive: true })
  writeFileSync(
    join(place, 'node'),
    `#!/bin/sh\n[ "$1" = -p ] && echo ${major} || echo "node ${major}: $2 $3"\n`,
  )
  chmodSync(join(place, 'node'), 0o755)
}

const launch = () =>
  spawnSync(join(root, 'bin', 'rekindle'), ['facts', '--all'], {
    encoding: 'utf8',
    env: { PATH: `${join(root, 'path')}:/usr/bin:/bin` },
  })

it('the launcher takes the Node that npm installed beside it, whatever the machine has', () => {
  putNode(join(root, 'path'), 20)
  putNode(join(root, 'node_modules', 'node', 'bin'), 26)
  expect(launch()).toMatchObject({ status: 0, stdout: 'node 26: facts --all\n' })
})

it('the launcher takes a new Node of the machine', () => {
  putNode(join(root, 'path'), 27)
  expect(launch()).toMatchObject({ status: 0, stdout: 'node 27: facts --all\n' })
})

it('the launcher stops on an older Node, and says what to do', () => {
  putNode(join(root, 'path'), 20)
  const { status, stderr, stdout } = launch()
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain('found Node.js 20')
  expect(stderr).toContain('npm ci')
})
