/** The command line: picks a side and loads it lazily. The only file that may reach both agent and server. */
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { RekindleError, renderError } from '../schemas/errors.ts'

// Types are stripped and code compiled once, not at each start. In the user's own cache: one in /tmp could be another's.
enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'rekindle', 'compile'))

type Run = (argv: readonly string[]) => Promise<void>

const agentSide = async (): Promise<Run> => (await import('../agent/cli.ts')).run
const serverSide = async (): Promise<Run> => (await import('../server/cli.ts')).run

/** On a host, a plan is of one catalog; on the server's machine, of the fleet. */
const planSide = (argv: readonly string[]) => (argv.includes('--fleet') ? serverSide() : agentSide())

const commands: Record<string, { side: (argv: readonly string[]) => Promise<Run>; about: string }> = {
  agent: {
    side: agentSide,
    about: 'pull this host’s catalog and converge it; a daemon, or once with --once',
  },
  apply: { side: agentSide, about: 'converge this host to a compiled catalog file' },
  plan: {
    side: planSide,
    about: 'show what apply would change; with --fleet, what a site would change on all hosts',
  },
  facts: { side: agentSide, about: 'print what this host says of itself' },
  inspect: { side: agentSide, about: 'print what this host has of a type, as TypeScript' },
  adopt: { side: agentSide, about: 'write a role that describes this host' },
  backup: { side: agentSide, about: 'list, compare and restore what the agent overwrote' },
  server: { side: serverSide, about: 'serve catalogs, take reports, rebuild hosts, show the page' },
  token: { side: serverSide, about: 'make a join token for a new host' },
  init: { side: serverSide, about: 'make a site that compiles and passes its own test' },
  link: { side: serverSide, about: 'let a cloned site find this Rekindle, for its editor and its tests' },
  compile: { side: serverSide, about: 'compile one host’s catalog from a site' },
  lookup: { side: serverSide, about: 'print what a role would read of a site’s data, and why' },
  explain: {
    side: serverSide,
    about: 'print what a host’s catalog depends on, and why a resource is as it is',
  },
  approve: { side: serverSide, about: 'sign off catalogs that leave out more than their pools allow' },
  affected: {
    side: serverSide,
    about: 'name the hosts whose catalogs depend on a fact, on data, a secret or a file',
  },
  secret: { side: serverSide, about: 'say which secrets of a site cannot be resolved' },
  describe: { side: serverSide, about: 'print what a resource type is and what its parameters mean' },
  check: { side: serverSide, about: 'check a site and print what is wrong, with file and line' },
  test: { side: serverSide, about: 'try a role on throwaway hosts, in other valid orders and with kills' },
  prove: { side: serverSide, about: 'prove a role on a throwaway host, over a reboot' },
}

function usage(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`)
  return ['Usage: rekindle COMMAND [OPTIONS]', '', ...lines, '', 'rekindle COMMAND --help tells more.'].join(
    '\n',
  )
}

async function main(argv: readonly string[]): Promise<void> {
  const [name = '--help'] = argv
  if (name === '--help' || name === '-h' || name === 'help') {
    console.log(usage())
    return
  }
  if (name === '--version' || name === '-V') {
    console.log((await import('../schemas/version.ts')).version)
    return
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) {
    throw new RekindleError({
      code: 'bad-request',
      message: `Cannot run "${name}": no such command`,
      hint: 'rekindle --help',
    })
  }
  const run = await command.side(argv)
  await run(argv)
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(renderError(error))
  process.exitCode = 1
}
