/** Secrets that a program prints. Names go in and values come out by pipes, never as arguments, which every user can list. */
import { plainEnvironment, runProgram } from '../site/program.ts'
import { type SecretSource, type SourceOf, withoutLineEnd } from './source.ts'

export function createProgramSource({ program, timeoutSeconds = 10 }: SourceOf<'program'>): SecretSource {
  const [path = '', ...args] = program
  return {
    name: `program ${path}`,
    async read(name) {
      const { code, stdout, cut } = await runProgram([path, ...args], {
        ...{ cwd: '/', env: plainEnvironment(), timeoutMs: timeoutSeconds * 1000, input: `${name}\n` },
      })
      // What it printed stays unsaid, stderr too: a value may be in it.
      if (cut !== undefined) throw new Error(`it was not done: ${cut}`)
      if (code !== 0) throw new Error(`it ended with ${code ?? 'a signal'}`)
      return withoutLineEnd(stdout)
    },
  }
}
