import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const COMPRESSIBLE = /\.(js|css|svg|json|md)$/
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }

/** Write `.br` and `.gz` beside each text file of `out`, which the server sends as they are. */
export function precompress(out: string): Plugin {
  return {
    name: 'powerdash:precompress',
    apply: 'build',
    closeBundle() {
      for (const path of compressible(resolve(out))) {
        const source = readFileSync(path)
        writeFileSync(`${path}.br`, brotliCompressSync(source, BROTLI))
        writeFileSync(`${path}.gz`, gzipSync(source, { level: 9 }))
      }
    },
  }
}

function compressible(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => COMPRESSIBLE.test(name))
    .map((name) => join(folder, name))
}
