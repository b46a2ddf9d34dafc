/** TypeScript's language server as an editor runs it: opens a file, and asks for what it would show at a place. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export interface Editor {
  /** Text that is shown over the last character of `upTo`, its first occurrence in the file. */
  hover(path: string, upTo: string): Promise<string>
  /** Names that are offered right behind `upTo`. */
  complete(path: string, upTo: string): Promise<readonly string[]>
  close(): Promise<void>
}

interface Position {
  readonly line: number
  readonly character: number
}

/** `dir`: folder of a site whose `node_modules` has TypeScript. */
export async function openEditor(dir: string): Promise<Editor> {
  const child = spawn(join(dir, 'node_modules', '.bin', 'tsc'), ['--lsp', '--stdio'], { cwd: dir })
  const waiting = new Map<number, (result: unknown) => void>()
  const opened = new Set<string>()
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  let id = 0
  const say = (message: object) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const ask = (method: string, params: unknown) =>
    new Promise<unknown>((resolve) => {
      waiting.set(++id, resolve)
      say({ id, method, params })
    })
  readMessages(child.stdout, (message) => {
    if (message.method === undefined) waiting.get(Number(message.id))?.(message.result)
    // It asks the editor for settings, and waits until it is told that there are none.
    else if (message.id !== undefined) say({ id: message.id, result: null })
  })
  /** What a request about a place in a file takes. */
  const at = (path: string, position: (text: string) => Position) => {
    const text = readFileSync(join(dir, path), 'utf8')
    const uri = pathToFileURL(join(dir, path)).href
    if (!opened.has(uri)) {
      opened.add(uri)
      say({
        method: 'textDocument/didOpen',
        params: { textDocument: { uri, languageId: 'typescript', version: 1, text } },
      })
    }
    return { textDocument: { uri }, position: position(text) }
  }

  await ask('initialize', {
    processId: process.pid,
    rootUri: pathToFileURL(dir).href,
    capabilities: { textDocument: { hover: { contentFormat: ['markdown'] }, completion: {} } },
  })
  say({ method: 'initialized', params: {} })
  return {
    async hover(path, upTo) {
      const place = at(path, (text) => behind(text, upTo, -1))
      return JSON.stringify(await ask('textDocument/hover', place))
    },
    async complete(path, upTo) {
      const place = at(path, (text) => behind(text, upTo, 0))
      const found = await ask('textDocument/completion', place)
      const items: readonly { label: string }[] = Reflect.get(Object(found), 'items') ?? []
      return items.map(({ label }) => label.replace(/\?$/, ''))
    },
    async close() {
      child.kill()
      await ended
    },
  }
}

function behind(text: string, upTo: string, shift: number): Position {
  // Over a name: not over the beginning of a longer one.
  const start = shift < 0 ? text.search(new RegExp(`${RegExp.escape(upTo)}(?!\\w)`)) : text.indexOf(upTo)
  if (start < 0) throw new Error(`Cannot point at ${JSON.stringify(upTo)}: the file has it not`)
  const lines = text.slice(0, start + upTo.length + shift).split('\n')
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 }
}

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly result?: unknown
}

function readMessages(stream: NodeJS.ReadableStream, onMessage: (message: Message) => void): void {
  let bytes = Buffer.alloc(0)
  stream.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    for (;;) {
      const end = bytes.indexOf('\r\n\r\n')
      const length = Number(/Content-Length: (\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1])
      if (end < 0 || bytes.length < end + 4 + length) return
      onMessage(JSON.parse(bytes.toString('utf8', end + 4, end + 4 + length)))
      bytes = bytes.subarray(end + 4 + length)
    }
  })
}
