import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keepOutput } from './kept-output.ts'

function kept(limitBytes: number, chunks: readonly string[]): string {
  const output = keepOutput(limitBytes)
  for (const chunk of chunks) output.add(Buffer.from(chunk))
  return output.text()
}

test.each([
  { chunks: [], text: '' },
  { chunks: ['ab', 'cd'], text: 'abcd' },
  { chunks: ['12345678'], text: '12345678' },
  { chunks: ['1234567890'], text: '1234\n[2 bytes left out]\n7890' },
  { chunks: ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'], text: '1234\n[2 bytes left out]\n7890' },
])('keepOutput() of 8 bytes makes "$text" of $chunks', ({ chunks, text }) => {
  expect(kept(8, chunks)).toBe(text)
})

test('keepOutput() keeps the beginning and the end however the output is cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{0,30}$/)), (chunks) => {
      const all = chunks.join('')
      const whole = all.length <= 20
      const wanted = `${all.slice(0, 10)}\n[${all.length - 20} bytes left out]\n${all.slice(-10)}`
      expect(kept(20, chunks)).toBe(whole ? all : wanted)
    }),
  )
})
