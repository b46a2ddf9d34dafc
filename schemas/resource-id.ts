import { RekindleError } from './errors.ts'

/** `type:title`, such as `file:/etc/motd`. A title may hold colons; a type does not. */
export type ResourceId = `${string}:${string}`

/** @example renderResourceId('file', '/etc/motd') // 'file:/etc/motd' */
export function renderResourceId(type: string, title: string): ResourceId {
  return `${type}:${title}`
}

/** @example parseResourceId('file:/etc/motd') // { type: 'file', title: '/etc/motd' } */
export function parseResourceId(id: string): { type: string; title: string } {
  const colon = id.indexOf(':')
  if (colon < 1 || colon === id.length - 1) {
    throw new RekindleError({
      code: 'bad-request',
      message: `Cannot read resource id "${id}"`,
      wanted: 'type:title',
    })
  }
  return { type: id.slice(0, colon), title: id.slice(colon + 1) }
}
