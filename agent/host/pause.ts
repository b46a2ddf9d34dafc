/** Waits, where a tool wants to be asked again. */
export { setTimeout as pause } from 'node:timers/promises'
