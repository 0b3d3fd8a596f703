/** A picture of charts for a report: what they show, in which time, and their lines in figures. */

import { lineColour, type Palette, palette } from './charts'
import { again } from './history'
import type { LegendLine } from './legend'

export interface Part {
  heading: string
  /** The chart as an address of data, twice as large as on the screen. */
  chart: string
  lines: readonly LegendLine[]
}

const SCALE = 2
const MARGIN = 20
const LINE = 18
const FONT = 'px "Inter Variable", system-ui, sans-serif'
const INK = { size: 12, weight: 400 }

/** Draw charts under each other, below their title, as a PNG. */
export async function pictured(title: string, hint: string, parts: readonly Part[]): Promise<Blob> {
  const colours = palette()
  const images = await Promise.all(parts.map(({ chart }) => loaded(chart)))
  const width = Math.max(480, ...images.map((image) => image.width / SCALE))
  const canvas = document.createElement('canvas')
  const pen = canvas.getContext('2d')
  if (!pen) throw new Error('The browser draws no pictures.')
  // How high it is only shows when it is drawn: once to measure, once for good.
  let height = 1
  for (let turn = 0; turn < 2; turn++) {
    canvas.width = (width + 2 * MARGIN) * SCALE
    canvas.height = height * SCALE
    pen.scale(SCALE, SCALE)
    pen.fillStyle = colours.surface
    pen.fillRect(0, 0, width + 2 * MARGIN, height)
    height = drawn(pen, { title, hint, parts, images, colours })
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture is too large.'))))
  })
}

interface Sheet {
  title: string
  hint: string
  parts: readonly Part[]
  images: readonly HTMLImageElement[]
  colours: Palette
}

/** Draw all, and return how high it is. */
function drawn(pen: CanvasRenderingContext2D, { title, hint, parts, images, colours }: Sheet): number {
  const write = (text: string, x: number, y: number, { size, weight }: typeof INK) => {
    pen.font = `${weight} ${size}${FONT}`
    pen.fillStyle = colours.text
    pen.fillText(text, x, y)
    return pen.measureText(text).width
  }
  let y = MARGIN + LINE
  write(title, MARGIN, y, { size: 16, weight: 600 })
  y += LINE + 2
  write(hint, MARGIN, y, INK)
  for (const [index, { heading, lines }] of parts.entries()) {
    y += LINE * 1.5
    write(heading, MARGIN, y, { size: 12, weight: 600 })
    const image = images[index]
    if (image) pen.drawImage(image, MARGIN, y + 8, image.width / SCALE, image.height / SCALE)
    y += 8 + (image ? image.height / SCALE : 0)
    for (const line of lines) {
      y += LINE
      swatch(pen, line, y - 4, colours)
      const told = [line.text, line.compared && `(${line.compared})`].filter(Boolean).join(' ')
      const from = MARGIN + 24
      const room = line.name ? write(line.name, from, y, { size: 12, weight: 600 }) + 8 : 0
      write(told, from + room, y, INK)
    }
  }
  return y + MARGIN
}

function swatch(pen: CanvasRenderingContext2D, { place }: LegendLine, y: number, colours: Palette): void {
  pen.strokeStyle = lineColour(colours, place)
  pen.lineWidth = 2
  pen.setLineDash({ solid: [], dotted: [2, 3], dashed: [5, 3] }[again(place)])
  pen.beginPath()
  pen.moveTo(MARGIN, y)
  pen.lineTo(MARGIN + 16, y)
  pen.stroke()
  pen.setLineDash([])
}

async function loaded(address: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = address
  await image.decode()
  return image
}
