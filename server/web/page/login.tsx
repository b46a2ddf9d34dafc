import { type FormEvent, type ReactNode, useEffect, useState } from 'react'
import { useLogin } from '../api/acts.ts'
import { RequestProblem } from '../component/problem.tsx'

export function LoginPage(): ReactNode {
  const login = useLogin()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  useEffect(() => {
    document.title = 'Log in · Rekindle'
  }, [])

  function submit(event: FormEvent): void {
    event.preventDefault()
    login.mutate({ name, password }, { onError: () => setPassword('') })
  }

  return (
    <main className="login">
      <form onSubmit={submit} aria-labelledby="login-title">
        <h1 id="login-title">
          <img src="/favicon.svg" alt="" width="24" height="24" />
          Rekindle
        </h1>
        <label className="field">
          Name
          <input
            name="name"
            autoComplete="username"
            // biome-ignore lint/a11y/noAutofocus: the form is all there is on the page
            autoFocus
            required
            value={name}
            onChange={({ target }) => setName(target.value)}
          />
        </label>
        <label className="field">
          Password
          <input
            name="password"
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={({ target }) => setPassword(target.value)}
          />
        </label>
        {login.error && <RequestProblem error={login.error} />}
        <button type="submit" className="primary" disabled={login.isPending}>
          Log in
        </button>
      </form>
    </main>
  )
}
