/** Text from a template (eta) and values: `<%= it.workers %>`, `<% for (...) { -%>`; `-%>` eats the line's end. */
import { Eta } from 'eta'
import { RekindleError } from '../../schemas/errors.ts'
import { currentCompile } from './context.ts'
import { readSiteFile } from './source.ts'

type Render = (values: object) => string

/** Compiled templates by site and path; a compile's site never changes under it. */
const compiled = new Map<string, Render>()

/**
 * Renders a template of the site. Nothing is escaped: configuration files are not HTML. A name that is not among the
 * values, and a value that is undefined or null, are errors rather than text.
 *
 * @throws RekindleError `compile-failed`, at the template's own line where there is one
 * @example template('nginx.conf.eta', { workers: facts.cpu.count })
 */
export function template(path: string, values: Readonly<Record<string, unknown>> = {}): string {
  const { siteDir, files } = currentCompile(`render template "${path}"`)
  files.add(path)
  const key = `${siteDir}\0${path}`
  const render = compiled.get(key) ?? compileTemplate(siteDir, path)
  compiled.set(key, render)
  return render(strictly(values))
}

function compileTemplate(siteDir: string, path: string): Render {
  const text = Buffer.from(readSiteFile(siteDir, path, `render template "${path}"`)).toString('utf8')
  const eta = new Eta({
    autoEscape: false,
    autoTrim: false,
    debug: true,
    autoFilter: true,
    filterFunction: present,
  })
  eta.RuntimeErr = (error, _text, line): never => {
    throw failure(path, error, line)
  }
  try {
    const render = eta.compile(text)
    return (values) => render.call(eta, values, {})
  } catch (error) {
    throw failure(path, error, lineOf(error))
  }
}

function failure(path: string, error: unknown, line: number | undefined): RekindleError {
  // Eta puts "Bad template syntax", an empty line, then V8's words, then the generated code.
  const reason = (error instanceof Error ? error.message : String(error))
    .replace(/^Bad template syntax\n+/, '')
    .split('\n', 1)[0]
  const { why = reason, hint } = known(reason)
  return new RekindleError({
    code: 'compile-failed',
    message: `Cannot render template "${path}": ${why}`,
    hint,
    where: line === undefined ? path : `${path}:${line}`,
  })
}

/** What V8 and Eta say of the code that a template becomes, in words about the template. */
function known(reason: string | undefined): { readonly why?: string; readonly hint?: string } {
  switch (reason) {
    case "Unexpected token 'catch'":
      return { why: 'a block is opened with { and not closed', hint: 'End it with: <% } -%>' }
    case 'missing ) after argument list':
      return { why: 'a parenthesis is not closed, or it awaits', hint: 'A template runs at once: no await' }
    case 'Views directory is not defined':
      return {
        why: 'a template cannot include another',
        hint: 'Render that one with template(), and give it as a value',
      }
    default:
      return {}
  }
}

/** Eta's parse errors say their line in words only. */
function lineOf(error: unknown): number | undefined {
  const match = error instanceof Error ? /at line (\d+)/.exec(error.message) : null
  return match === null ? undefined : Number(match[1])
}

function present(value: unknown): string {
  if (value === undefined || value === null) throw new TypeError(`a value is ${value}`)
  return String(value)
}

function strictly(values: object): object {
  return new Proxy(values, {
    get(target, key) {
      if (typeof key === 'string' && !Object.hasOwn(target, key)) {
        throw new TypeError(
          `no value "${key}" was given; there are: ${Object.keys(target).join(', ') || 'none'}`,
        )
      }
      return Reflect.get(target, key)
    },
  })
}
