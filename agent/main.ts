/** Entry of the bundle that hosts get. */
import { renderError } from '../schemas/errors.ts'
import { version } from '../schemas/version.ts'
import { run } from './cli.ts'

// Set by the launcher for this process alone; a command that a catalog runs must not inherit it.
delete process.env.NODE_COMPILE_CACHE

try {
  const argv = process.argv.slice(2)
  if (argv[0] === '--version') console.log(version)
  else await run(argv)
} catch (error) {
  console.error(renderError(error))
  process.exitCode = 1
}
