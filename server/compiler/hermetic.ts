/**
 * Takes away from a process what would make a compile depend on anything but the site and the facts: the clock, randomness,
 * timers, the network, the process itself. Each use throws at its own line. Access to files and child processes is refused
 * by Node's permission model; this is about equal input giving equal bytes, and about saying so clearly.
 */
import { RekindleError } from '../../schemas/errors.ts'

const clock = 'a compile has no clock'
const chance = 'a compile has no randomness'
const later = 'a role runs at once and to its end'
const network = 'a compile has no network'
const control = 'a compile has no say over its process'

const hint =
  'A catalog may depend on facts and on files of the site, so that equal input gives an equal catalog'

/** Built-in modules that a site may import: what computes, and what reads files (the site's, and no others). */
const allowedModules = new Set([
  ...['assert', 'assert/strict', 'buffer', 'constants', 'events', 'fs', 'fs/promises', 'path', 'path/posix'],
  ...['path/win32', 'punycode', 'querystring', 'stream', 'string_decoder', 'url', 'util', 'util/types'],
])

/** @throws RekindleError for a built-in module that a compile may not use. */
export function refuseModule(specifier: string, where: string | undefined): void {
  const name = specifier.replace(/^node:/, '')
  if (allowedModules.has(name)) return
  throw new RekindleError({
    code: 'compile-failed',
    message: `Cannot import "node:${name}" in a compile: ${reasonByModule(name)}`,
    where,
    hint,
  })
}

/** Changes the globals of this process for good; for the sandbox alone. */
export function becomeHermetic(): void {
  replaceDate()
  for (const name of Object.getOwnPropertyNames(Temporal.Now)) {
    guard(Temporal.Now, name, `Temporal.Now.${name}()`, clock)
  }
  guard(Math, 'random', 'Math.random()', chance)
  for (const name of ['randomUUID', 'getRandomValues']) {
    guard(globalThis.crypto, name, `crypto.${name}()`, chance)
  }
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'])
    guard(globalThis, name, `${name}()`, later)
  for (const name of ['fetch', 'WebSocket', 'EventSource']) guard(globalThis, name, name, network)
  for (const name of ['hrtime', 'uptime', 'memoryUsage', 'cpuUsage', 'threadCpuUsage', 'resourceUsage']) {
    guard(process, name, `process.${name}()`, clock)
  }
  for (const name of [
    'exit',
    'reallyExit',
    'abort',
    'kill',
    'chdir',
    'dlopen',
    'binding',
    'getBuiltinModule',
    'send',
  ]) {
    guard(process, name, `process.${name}()`, control)
  }
  Object.defineProperty(globalThis, 'performance', {
    configurable: true,
    get: () => refuse('performance', clock)(),
  })
}

function replaceDate(): void {
  const original = Date
  const clockless = new Proxy(Date, {
    construct(_, args: readonly unknown[], newTarget) {
      if (args.length === 0) refuse('new Date()', clock)()
      return Reflect.construct(original, args, newTarget)
    },
    apply: refuse('Date()', clock),
  })
  guard(Date, 'now', 'Date.now()', clock)
  Object.defineProperty(Date.prototype, 'constructor', {
    value: clockless,
    configurable: true,
    writable: true,
  })
  Object.defineProperty(globalThis, 'Date', { value: clockless, configurable: true, writable: true })
}

function guard(owner: object, name: string, shown: string, reason: string): void {
  Object.defineProperty(owner, name, { value: refuse(shown, reason), configurable: true, writable: true })
}

function refuse(shown: string, reason: string): (...args: unknown[]) => never {
  return function refused(): never {
    throw new RekindleError({
      code: 'compile-failed',
      message: `Cannot use ${shown} in a compile: ${reason}`,
      hint,
    })
  }
}

function reasonByModule(name: string): string {
  if (/^(?:net|tls|http|https|http2|dgram|dns|dns\/promises|quic)$/.test(name)) return network
  if (/^(?:child_process|cluster|worker_threads)$/.test(name)) return 'a compile starts no processes'
  return 'it leads to what changes from one compile to the next'
}
