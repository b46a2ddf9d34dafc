/** Pure: a file of /etc/apt/preferences.d as parameters, and back (apt_preferences(5)). */
import type { AptPinParams } from '../../../schemas/generated/types.ts'
import { type Field, parseParagraphs, renderParagraph } from './deb822.ts'

type Pin = Omit<AptPinParams, 'ensure'>

export function renderPin({ explanation, packages = ['*'], pin = '', priority = 0 }: Pin): string {
  const why: readonly Field[] = explanation === undefined ? [] : [['Explanation', explanation]]
  return renderParagraph([
    ...why,
    ['Package', packages.join(' ')],
    ['Pin', pin],
    ['Pin-Priority', String(priority)],
  ])
}

/** Undefined for what one pin cannot say. */
export function parsePin(text: string): Pin | undefined {
  const paragraphs = parsed(text)
  const [fields] = paragraphs
  if (fields === undefined || paragraphs.length > 1) return undefined
  const of = new Map(fields)
  const [packages, pin, priority] = [of.get('Package'), of.get('Pin'), Number(of.get('Pin-Priority'))]
  const isWhole = fields.every(([name]) => ['Explanation', 'Package', 'Pin', 'Pin-Priority'].includes(name))
  if (
    packages === undefined ||
    pin === undefined ||
    !Number.isInteger(priority) ||
    priority === 0 ||
    !isWhole
  )
    return undefined
  const explanation = of.get('Explanation')
  return {
    ...(explanation === undefined ? {} : { explanation }),
    ...(packages === '*' ? {} : { packages: packages.split(/\s+/) }),
    ...{ pin, priority },
  }
}

function parsed(text: string) {
  try {
    return parseParagraphs(text)
  } catch {
    return []
  }
}
