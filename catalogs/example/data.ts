/** What differs from host to host, or may: the values stand in data/, the highest layer's first. */
import { field, layers } from 'rekindle'

export const data = layers({
  hierarchy: ['host/{host}', 'role/{role}', 'os/{facts.os.codename}', 'site'],
  schema: {
    nginx: {
      connections: field.integer({ minimum: 1, description: 'Connections that one worker may have open' }),
    },
    redis: {
      memoryShare: field.number({ minimum: 0, maximum: 1, description: 'Part of the machine’s memory' }),
    },
  },
})
