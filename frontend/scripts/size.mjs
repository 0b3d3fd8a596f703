// Prints what the first load of each page costs, from the built manifest; fails over the budget.
import { readFileSync, statSync } from 'node:fs'

const DIST = new URL('../../powerdash/web/static/dist/', import.meta.url)
// As gzip: browsers ask for Brotli only over https and on localhost.
const BUDGET_KB = 400
const manifest = JSON.parse(readFileSync(new URL('manifest.json', DIST), 'utf8'))

/** Every chunk a key loads before it can show: itself and its static imports. */
function closure(key, seen = new Set()) {
  if (!seen.has(key)) {
    seen.add(key)
    for (const next of manifest[key].imports ?? []) closure(next, seen)
  }
  return seen
}

const kB = (file, ending) => statSync(new URL(file + ending, DIST)).size / 1000
const total = (files, ending) => files.reduce((sum, file) => sum + kB(file, ending), 0)

// What a page imports lazily and shows at once counts as well.
const WITH = { 'src/pages/overview/Index.vue': [/charts\//], 'src/pages/devices/Show.vue': [/charts\//] }

let worst = 0
for (const page of Object.keys(manifest).filter((key) => key.startsWith('src/pages/'))) {
  const lazy = (manifest[page].dynamicImports ?? []).filter((key) =>
    (WITH[page] ?? []).some((pattern) => pattern.test(key)),
  )
  const layout = page.includes('auth/') ? [] : ['src/layouts/AppLayout.vue']
  const keys = ['src/main.ts', page, ...layout, ...lazy].filter((key) => manifest[key])
  const chunks = [...new Set(keys.flatMap((key) => [...closure(key)]))]
  const js = [...new Set(chunks.map((key) => manifest[key].file))]
  const css = [...new Set(chunks.flatMap((key) => manifest[key].css ?? []))]
  const [br, gz] = [total(js, '.br'), total(js, '.gz')]
  if (page.includes('overview')) worst = gz
  console.log(
    `${page.padEnd(30)} js ${br.toFixed(0)} kB br, ${gz.toFixed(0)} kB gz; css ${total(css, '.br').toFixed(0)} kB br`,
  )
}
if (worst > BUDGET_KB) {
  console.error(`The overview loads ${worst.toFixed(0)} kB of JavaScript as gzip, over ${BUDGET_KB} kB.`)
  process.exit(1)
}
