// Runs in the page. Every visible text with too little contrast against the ground it stands on (WCAG AA: 4.5 to 1).
;(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  function rgba(color) {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = color
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  function luminance([r, g, b]) {
    const [x, y, z] = [r, g, b].map((part) => {
      const share = part / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * x + 0.7152 * y + 0.0722 * z
  }
  function ground(element) {
    for (let at = element; at !== null; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor)
      if (color[3] > 0.99) return color
    }
    return [255, 255, 255, 1]
  }
  const poor = new Set()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  let seen = 0
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement
    if (node.data.trim() === '' || element === null || !element.checkVisibility()) continue
    seen += 1
    const front = luminance(rgba(getComputedStyle(element).color))
    const back = luminance(ground(element))
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
    if (ratio < 4.5)
      poor.add(`${ratio.toFixed(2)} "${node.data.trim().slice(0, 40)}" in .${element.className}`)
  }
  return { seen, poor: [...poor] }
})()
