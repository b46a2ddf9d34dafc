/** A length of time in words: `340 ms`, `3.4 s`, `2 min 05 s`, `3 h 12 min`, `2 d 3 h`. */
export function renderDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${pad(seconds % 60)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
  const hours = Math.floor(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** The same for what still goes on, in whole seconds: tenths that jump are noise. */
export function renderElapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return seconds < 60 ? `${seconds} s` : renderDuration(seconds * 1000)
}

/** How long ago, in the largest unit: `3 s ago`. A time that is still to come reads `now`. */
export function renderAge(iso: string, nowMs: number): string {
  const seconds = Math.floor((nowMs - Date.parse(iso)) / 1000)
  if (seconds < 1) return 'now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ago`
  return `${Math.floor(seconds / 86_400)} d ago`
}

/** The exact time: `2026-08-01 12:03:04.120 UTC`. */
export function renderExact(iso: string): string {
  return `${new Date(iso).toISOString().replace('T', ' ').replace('Z', '')} UTC`
}

/** The time of day: `12:03:04`. */
export function renderClock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19)
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
