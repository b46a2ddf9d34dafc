import type { ReactNode } from 'react'

interface FilterProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
}

export function Filter({ label, value, onChange }: FilterProps): ReactNode {
  return (
    <label className="filter">
      <span className="unseen">{label}</span>
      <input
        type="search"
        value={value}
        placeholder={`${label}   /`}
        onChange={({ target }) => onChange(target.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  )
}
