import { existsSync, readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

// What the bundler does not see as code, or what ships without its text.
const ALSO = ['@fontsource-variable/inter', '@iconify-json/lucide', 'vaul-vue']

/** Complete the licence file of the build with the font, the icons and others named above. */
export function notices(fileName: string): Plugin {
  return {
    name: 'powerdash:notices',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler() {
        this.emitFile({ type: 'asset', fileName, source: ALSO.map(notice).join('\n') })
      },
    },
  }
}

function notice(name: string): string {
  const folder = new URL(`../node_modules/${name}/`, import.meta.url)
  const about: { version: string; license?: string } = JSON.parse(
    readFileSync(new URL('package.json', folder), 'utf8'),
  )
  const file = new URL('LICENSE', folder)
  const text = existsSync(file) ? readFileSync(file, 'utf8') : `License: ${about.license ?? 'MIT'}`
  return `## ${name} - ${about.version} (${about.license ?? 'MIT'})\n\n${text}\n`
}
