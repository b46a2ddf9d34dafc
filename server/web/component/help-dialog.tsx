import type { ReactNode } from 'react'
import { Dialog } from './dialog.tsx'
import { places } from './hotkeys.ts'

export function HelpDialog({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {places.map(({ key, label }) => (
          <Key key={key} keys={['g', key]} does={`Go to ${label}`} />
        ))}
        <Key keys={['/']} does="Filter" />
        <Key keys={['j']} does="Next row" />
        <Key keys={['k']} does="Row before" />
        <Key keys={['Enter']} does="Open it" />
        <Key keys={['Esc']} does="Close a dialog" />
        <Key keys={['?']} does="This list" />
      </dl>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </Dialog>
  )
}

function Key({ keys, does }: { keys: readonly string[]; does: string }): ReactNode {
  return (
    <div>
      <dt>
        {keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{does}</dd>
    </div>
  )
}
