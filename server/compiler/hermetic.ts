/**
 * Takes away from a process what would make a compile depend on anything but the site and the facts: the clock, randomness,
 * timers, the network, the process and its environment, times of files. Each use throws at its own line. Access to files and child processes is refused
 * by Node's permission model; this is about equal input giving equal bytes, and about saying so clearly.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { RekindleError } from '../../schemas/errors.ts'

const clock = 'a compile has no clock'
const chance = 'a compile has no randomness'
const later = 'a role runs at once and to its end'
const network = 'a compile has no network'
const control = 'a compile has no say over its process'
const environment = 'a compile does not see the server that it runs on'
const disk = 'a compile sees a copy of the site'

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
  // First: Node loads what is behind them when they are replaced, and that reads the clock.
  for (const name of ['fetch', 'WebSocket', 'EventSource']) guard(globalThis, name, name, network)
  withoutClock()
  withoutRandomness()
  for (const name of ['setTimeout', 'setInterval', 'setImmediate'])
    guard(globalThis, name, `${name}()`, later)
  guard(AbortSignal, 'timeout', 'AbortSignal.timeout()', later)
  withoutProcess()
  withoutFileTimes()
}

function withoutClock(): void {
  replaceDate()
  replaceDateTimeFormat()
  for (const name of Object.getOwnPropertyNames(Temporal.Now)) {
    guard(Temporal.Now, name, `Temporal.Now.${name}()`, clock)
  }
  hide(globalThis, 'performance', 'performance', clock)
  for (const name of ['PerformanceMark', 'PerformanceMeasure', 'PerformanceObserver'])
    guard(globalThis, name, name, clock)
  hide(Event.prototype, 'timeStamp', 'an event’s timeStamp', clock)
  hide(File.prototype, 'lastModified', 'a File’s lastModified', clock)
}

function withoutRandomness(): void {
  guard(Math, 'random', 'Math.random()', chance)
  for (const name of ['randomUUID', 'getRandomValues']) {
    guard(globalThis.crypto, name, `crypto.${name}()`, chance)
  }
  const subtle: object = Object.getPrototypeOf(globalThis.crypto.subtle)
  guard(subtle, 'generateKey', 'crypto.subtle.generateKey()', chance)
  guard(URL, 'createObjectURL', 'URL.createObjectURL()', chance)
  // What lies in memory from before would show.
  for (const name of ['allocUnsafe', 'allocUnsafeSlow'])
    Object.defineProperty(Buffer, name, { value: (size: number) => Buffer.alloc(size), configurable: true })
}

function withoutProcess(): void {
  for (const name of ['hrtime', 'uptime', 'memoryUsage', 'cpuUsage', 'threadCpuUsage', 'resourceUsage']) {
    guard(process, name, `process.${name}()`, clock)
  }
  guard(process.hrtime, 'bigint', 'process.hrtime.bigint()', clock)
  guard(process.memoryUsage, 'rss', 'process.memoryUsage.rss()', clock)
  for (const name of [
    ...['exit', 'reallyExit', 'abort', 'kill', 'chdir', 'dlopen', 'binding', 'getBuiltinModule', 'send'],
    ...['umask', 'loadEnvFile', 'setUncaughtExceptionCaptureCallback'],
  ]) {
    guard(process, name, `process.${name}()`, control)
  }
  for (const name of [
    ...['getuid', 'geteuid', 'getgid', 'getegid', 'getgroups', 'availableMemory', 'constrainedMemory'],
    'getActiveResourcesInfo',
  ])
    guard(process, name, `process.${name}()`, environment)
  for (const name of ['pid', 'ppid', 'argv', 'execArgv', 'execPath', 'title', 'report'])
    hide(process, name, `process.${name}`, environment)
  hide(globalThis, 'navigator', 'navigator', environment)
  Object.defineProperty(process, 'env', { value: emptyEnvironment(), configurable: true, writable: true })
}

/**
 * Refuses the site's own code, by name. Packages look for settings such as `NODE_ENV` when they are loaded; they find none,
 * on every server.
 */
function emptyEnvironment(): object {
  const look = (name?: string | symbol): undefined => {
    if (typeof name === 'symbol' || isCalledByPackage()) return undefined
    refuse(name === undefined ? 'process.env' : `process.env.${name}`, environment)()
  }
  return new Proxy(
    {},
    {
      get: (_, name) => look(name),
      has: (_, name) => look(name) !== undefined,
      ownKeys: () => look() ?? [],
      set: (_, name) => refuse(`process.env.${String(name)}`, environment)(),
    },
  )
}

/** Node itself looks too, such as when a module is not found. */
function isCalledByPackage(): boolean {
  const [, ...frames] = (new Error().stack ?? '').split('\n')
  const caller = frames.find((line) => !line.includes(import.meta.url) && !line.includes('<anonymous>'))
  return caller === undefined || caller.includes('node:') || caller.includes('/node_modules/')
}

const fileTimes = ['atime', 'mtime', 'ctime', 'birthtime'].flatMap((name) => [name, `${name}Ms`, `${name}Ns`])
const diskPlaces = ['dev', 'ino', 'uid', 'gid', 'nlink', 'rdev', 'blksize', 'blocks']

/** A file of the site is its bytes: times and places on the disk are those of the server's copy. */
function withoutFileTimes(): void {
  for (const name of ['statSync', 'lstatSync', 'fstatSync'] as const) {
    const original: CallableFunction = fs[name]
    replace(fs, name, (...args) => plainStats(Reflect.apply(original, fs, args)))
  }
  for (const name of ['stat', 'lstat'] as const) {
    const original: CallableFunction = fs.promises[name]
    replace(fs.promises, name, async (...args) =>
      plainStats(await Reflect.apply(original, fs.promises, args)),
    )
    guard(fs, name, `fs.${name}()`, later)
  }
  for (const name of ['fstat', 'watch', 'watchFile', 'opendir']) guard(fs, name, `fs.${name}()`, later)
  guard(fs, 'opendirSync', 'fs.opendirSync()', 'a directory has no order of its own; readdirSync() sorts')
  guard(fs.promises, 'opendir', 'opendir()', 'a directory has no order of its own; readdir() sorts')
  guard(fs.promises, 'watch', 'watch()', later)
  syncBuiltinESMExports()
}

/** For when the site is loaded: what comes later would come when its role has ended. */
export function becomeSynchronous(): void {
  for (const name of Object.keys(fs.promises)) {
    if (typeof Reflect.get(fs.promises, name) === 'function')
      guard(fs.promises, name, `fs.promises.${name}()`, later)
  }
  for (const name of Object.keys(fs)) if (`${name}Sync` in fs) guard(fs, name, `fs.${name}()`, later)
  syncBuiltinESMExports()
}

function plainStats(stats: unknown): unknown {
  if (typeof stats !== 'object' || stats === null) return stats
  for (const name of [...fileTimes, ...diskPlaces]) hide(stats, name, `${name} of a file`, disk)
  return stats
}

function replace(owner: object, name: string, value: (...args: unknown[]) => unknown): void {
  Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: true })
}

/** Formatting without a date formats now. */
function replaceDateTimeFormat(): void {
  const prototype = Intl.DateTimeFormat.prototype
  const format = Object.getOwnPropertyDescriptor(prototype, 'format')?.get
  const formatToParts = prototype.formatToParts
  const givenOnly = (name: string, formatted: (date: unknown) => unknown) => (date: unknown) =>
    date === undefined ? refuse(`${name} without a date`, clock)() : formatted(date)
  Object.defineProperty(prototype, 'format', {
    configurable: true,
    get(this: Intl.DateTimeFormat) {
      return givenOnly('format()', format?.call(this))
    },
  })
  replace(prototype, 'formatToParts', function (this: Intl.DateTimeFormat, date) {
    return givenOnly('formatToParts()', (given) => formatToParts.call(this, given as Date))(date)
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

/** A value that may not even be read. */
function hide(owner: object, name: string, shown: string, reason: string): void {
  Object.defineProperty(owner, name, { configurable: true, get: refuse(shown, reason) })
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
