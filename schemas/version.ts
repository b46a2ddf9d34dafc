import packageJson from '../package.json' with { type: 'json' }

/** The version of Rekindle, as package.json has it. */
export const version: string = packageJson.version

/** Version of the protocol between agent and server; both refuse another. */
export const protocolVersion = 1
