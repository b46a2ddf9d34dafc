/** The one list of resource types. Each has its schema in schemas/resource/, which its parameters have passed before. */
import { custom } from './custom.ts'
import { exec } from './exec.ts'
import { file } from './file.ts'
import { group } from './group.ts'
import { pkg } from './package.ts'
import { createPurge } from './purge.ts'
import type { ResourceType } from './resource-type.ts'
import { service } from './service.ts'
import { user } from './user.ts'

const purge = createPurge((name) => resourceTypes.get(name))

const types: readonly ResourceType<unknown, unknown>[] = [
  custom,
  exec,
  file,
  group,
  pkg,
  purge,
  service,
  user,
]

/** By name. */
export const resourceTypes: ReadonlyMap<string, ResourceType<unknown, unknown>> = new Map(
  types.map((type) => [type.name, type]),
)
