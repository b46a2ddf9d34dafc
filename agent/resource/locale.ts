/**
 * Locales: listed in /etc/locale.gen, generated, and chosen in /etc/default/locale. Generating takes seconds each, so all
 * that are wanted are listed first and one run of locale-gen makes those that are missing.
 */
import { RekindleError } from '../../schemas/errors.ts'
import type { Change, LocaleParams } from '../../schemas/generated/types.ts'
import type { ResourceId } from '../../schemas/resource-id.ts'
import type { Host } from '../host/host.ts'
import {
  disableLocale,
  enableLocale,
  type LocaleLine,
  parseDefaults,
  parseLocales,
  setDefault,
  shownName,
} from '../host/locale-file.ts'
import { cannotApply } from './cannot-apply.ts'
import { nearestNames } from './nearest-name.ts'
import type { Instance, ResourceType, Step, Wanted } from './resource-type.ts'
import { runTool } from './run-tool.ts'
import { readTextFile, type TextFile, writeTextFile } from './text-file.ts'

export interface LocaleState {
  readonly isGenerated: boolean
  /** In /etc/locale.gen, so that the next update of libc makes it again. */
  readonly isListed: boolean
  /** /etc/default/locale. */
  readonly defaults: ReadonlyMap<string, string>
}

type WantedLocale = Wanted<LocaleParams>
type LocaleStep = Pick<Step<LocaleParams, LocaleState>, 'wanted' | 'changes'>

const listPath = '/etc/locale.gen'
const defaultsPath = '/etc/default/locale'
const supportedPaths = ['/usr/share/i18n/SUPPORTED', '/usr/local/share/i18n/SUPPORTED']
const builtIn = new Set(['C', 'POSIX', 'C.utf8'])

async function read(host: Host, wanted: readonly WantedLocale[]): Promise<Map<ResourceId, LocaleState>> {
  const generated = await readGenerated(host)
  const listed = new Set(parseLocales(textOf(host, listPath)).map(({ name }) => name))
  const defaults = parseDefaults(textOf(host, defaultsPath))
  return new Map(
    wanted.map(({ id, title }) => {
      const shown = shownName(title)
      const isBuiltIn = builtIn.has(shown)
      return [id, { isGenerated: generated.has(shown), isListed: isBuiltIn || listed.has(title), defaults }]
    }),
  )
}

/** Names as `locale -a` shows them. */
async function readGenerated({ exec }: Host): Promise<ReadonlySet<string>> {
  const { code, stdout, stderr } = await exec.run(['locale', '-a'])
  if (code === 0) return new Set(stdout.split('\n'))
  throw new RekindleError({
    code: 'resource-unreadable',
    message: `Cannot read locales: locale answers "${stderr.trim()}"`,
  })
}

function textOf(host: Host, path: string): string {
  return readTextFile(host, path).text ?? ''
}

function diff(
  { title, params }: WantedLocale,
  { isGenerated, isListed, defaults }: LocaleState,
): readonly Change[] {
  if (params.ensure === 'absent') {
    const isGone = builtIn.has(shownName(title)) || (!isGenerated && !isListed)
    return isGone ? [] : [{ property: 'ensure', from: 'present', to: 'absent' }]
  }
  const from = isListed ? 'not generated' : isGenerated ? 'not in locale.gen' : 'absent'
  return [
    ...(isGenerated && isListed ? [] : [{ property: 'ensure', from, to: 'present' }]),
    ...variablesOf(params)
      .filter((name) => defaults.get(name) !== title)
      .map((property) => ({ property, from: defaults.get(property) ?? 'unset', to: title })),
  ]
}

function variablesOf({ default: isDefault, categories = [] }: LocaleParams): readonly string[] {
  return [...(isDefault === true ? ['LANG'] : []), ...categories]
}

async function apply(
  host: Host,
  wanted: WantedLocale,
  _state: LocaleState,
  changes: readonly Change[],
): Promise<void> {
  await applyAll(host, [{ wanted, changes }])
}

async function applyMany(host: Host, steps: readonly Step<LocaleParams, LocaleState>[]): Promise<void> {
  await applyAll(host, steps)
}

/** Defaults last: a default that is not generated makes every program complain. */
async function applyAll(host: Host, steps: readonly LocaleStep[]): Promise<void> {
  const ensured = steps.filter(({ changes }) => changes.some(({ property }) => property === 'ensure'))
  const isToGo = ({ wanted }: LocaleStep) => wanted.params.ensure === 'absent'
  const gone = ensured.filter(isToGo).map(({ wanted }) => wanted)
  await generate(
    host,
    ensured.filter((step) => !isToGo(step)).map(({ wanted }) => wanted),
  )
  await removeAll(host, gone)
  const present = steps.filter((step) => !isToGo(step))
  await edit(host, readTextFile(host, defaultsPath), (text) =>
    present.reduce(
      (all, { wanted }) =>
        variablesOf(wanted.params).reduce((one, name) => setDefault(one, name, wanted.title), all),
      text,
    ),
  )
}

async function generate(host: Host, missing: readonly WantedLocale[]): Promise<void> {
  const [first] = missing
  if (first === undefined) return
  if (!host.files.exists('/usr/sbin/locale-gen')) throw noTools(first)
  const lines = missing.map((wanted) => lineOf(host, wanted))
  await edit(host, readTextFile(host, listPath), (text) => lines.reduce(enableLocale, text))
  const { stdout, stderr } = await runTool(host, ['locale-gen', '--keep-existing'], {
    doing: 'Cannot generate locales',
    wanted: first,
    package: 'locales',
    timeoutMs: 1_800_000,
  })
  const generated = await readGenerated(host)
  // locale-gen ends with 0 whatever localedef says.
  const failed = missing.find(({ title }) => !generated.has(shownName(title)))
  if (failed !== undefined) throw notGenerated(failed, `${stdout}\n${stderr}`)
}

/** @throws RekindleError for a name that no list has */
function lineOf(host: Host, { id, title, params, where }: WantedLocale): LocaleLine {
  if (params.charset !== undefined) return { name: title, charset: params.charset }
  const supported = supportedPaths.flatMap((path) => parseLocales(textOf(host, path)))
  const line = supported.find(({ name }) => name === title)
  if (line !== undefined) return line
  const nearest = nearestNames(
    supported.map(({ name }) => name),
    title,
  )
  throw cannotApply({ id, where }, `"${supportedPaths[0]}" has no locale "${title}"`, {
    kept: 'the locales, as they are',
    hint:
      nearest.length === 0
        ? 'Give a "charset" for a locale of your own'
        : `Did you mean ${nearest.map((name) => `"${name}"`).join(', ')}?`,
  })
}

async function removeAll(host: Host, gone: readonly WantedLocale[]): Promise<void> {
  await edit(host, readTextFile(host, listPath), (text) =>
    gone.reduce((all, { title }) => disableLocale(all, title), text),
  )
  const generated = await readGenerated(host)
  for (const { id, title, where } of gone.filter((one) => generated.has(shownName(one.title)))) {
    await runTool(host, ['localedef', '--delete-from-archive', shownName(title)], {
      doing: `Cannot remove the locale "${title}"`,
      wanted: { id, where },
      package: 'libc-bin',
      explain: () => 'One that stands in a folder of its own in /usr/lib/locale belongs to a package',
    })
  }
}

async function edit(host: Host, file: TextFile, change: (text: string) => string): Promise<void> {
  const before = file.text ?? ''
  const after = change(before)
  if (after !== before) await writeTextFile(host, file, after)
}

function noTools(wanted: WantedLocale): RekindleError {
  return cannotApply(wanted, 'there is no locale-gen', {
    kept: 'the locales, as they are',
    hint: 'Declare the package "locales" before it',
  })
}

function notGenerated({ id, title, where }: WantedLocale, output: string): RekindleError {
  const answer = output.split('\n').filter((line) => /error|cannot|no such/i.test(line))
  return cannotApply(
    { id, where },
    `locale-gen has not made "${title}"${answer.length === 0 ? '' : `: ${answer.join('; ')}`}`,
    { kept: 'its line in /etc/locale.gen' },
  )
}

async function inspect(host: Host, title: string | undefined): Promise<readonly Instance[]> {
  const generated = await readGenerated(host)
  const defaults = parseDefaults(textOf(host, defaultsPath))
  return parseLocales(textOf(host, listPath))
    .filter(({ name }) => (title === undefined || name === title) && generated.has(shownName(name)))
    .map(({ name }) => ({ title: name, params: paramsOf(name, defaults) }))
}

function paramsOf(name: string, defaults: ReadonlyMap<string, string>): Readonly<Record<string, unknown>> {
  const categories = [...defaults].filter(([variable, value]) => variable.startsWith('LC_') && value === name)
  return {
    ...(defaults.get('LANG') === name ? { default: true } : {}),
    ...(categories.length === 0 ? {} : { categories: categories.map(([variable]) => variable) }),
  }
}

export const locale = {
  name: 'locale',
  read,
  diff,
  apply,
  applyMany,
  inspect,
  watch: () => [listPath, defaultsPath, '/usr/lib/locale/'],
} satisfies ResourceType<LocaleParams, LocaleState>
