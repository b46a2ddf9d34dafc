/** The parts of a host's page that take turns; the address says which is shown. */
export const hostTabs = ['runs', 'drift', 'rebuilds', 'resources', 'facts'] as const

export type HostTab = (typeof hostTabs)[number]
