/** Why a text is not edited: it cannot be understood, or the edit could mean more than one thing. */
export class Refusal extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.name = 'Refusal'
    this.hint = hint
  }
}
